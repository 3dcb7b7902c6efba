"""Links to queries: found with their hosts, and nothing else taken for one."""

from __future__ import annotations

import pytest

from lrestore.content.query_links import QueryLink, may_hold_query_links, query_links


@pytest.mark.parametrize(
    ("text", "link", "host"),
    [
        ("see /x/aBc123xyz", "/x/aBc123xyz", ""),
        ("[go](https://a.looker.com/x/aBc123xyz)", "https://a.looker.com/x/aBc123xyz", "a.looker.com"),
        ("/explore/sales/orders?qid=aBc123&toggle=vis", "/explore/sales/orders?qid=aBc123", ""),
        (
            "https://A.looker.com:99/explore/s/o?qid=q1",
            "https://A.looker.com:99/explore/s/o?qid=q1",
            "a.looker.com",
        ),
        ("/merge?mid=42Zq", "/merge?mid=42Zq", ""),
        (r"{\"url\":\"\/x\/aBc123xyz\"}", r"\/x\/aBc123xyz", ""),
    ],
)
def test_a_link_is_found_as_it_stands(text: str, link: str, host: str) -> None:
    assert list(query_links({"a": [text]})) == [QueryLink(link, host)]
    assert may_hold_query_links(text.encode())


@pytest.mark.parametrize(
    "text", ["", "/dashboards/42", "axis/x/y", "www.a.com/xyz", "/explore/sales/orders", "mid", "qid=1"]
)
def test_other_texts_hold_none(text: str) -> None:
    assert not list(query_links(text))
