"""The address of a destination."""

from __future__ import annotations

import pytest

from lrestore.looker.http.endpoint import endpoint_of


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("looker.localhost", True),
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("[::1]", True),
        ("localhost.example.com", False),
        ("128.0.0.1", False),
        ("looker.example.com", False),
    ],
)
def test_a_host_that_is_this_machine_itself(host: str, is_loopback: bool) -> None:
    assert endpoint_of(f"https://{host}:19999").is_loopback == is_loopback
