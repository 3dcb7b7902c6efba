"""A whole run through a real proxy, in one process and in several."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.instance_fixture import InstanceFixture
from tests.http_proxy import HttpProxy

PASSWORD = "pr0xy-s3cret-of-the-tests"


@pytest.mark.parametrize("select", ["dashboard=1", "all"])
def test_every_call_goes_through_the_proxy_and_its_password_is_nowhere(
    instance: InstanceFixture, tmp_path: Path, select: str
) -> None:
    instance.edit("dashboard", "1", title="Changed")
    with HttpProxy(user="me", password=PASSWORD) as proxy:
        url = f"http://me:{PASSWORD}@{proxy.name}"
        ran = instance.run("--select", select, "-v", LRESTORE_DESTINATION_PROXY=url)
        assert ran.report["totals"]["updated"] >= 1
        assert f"proxy: {proxy.name}" in ran.err
        assert len(proxy.asked) == len(ran.calls) > 3
    assert PASSWORD not in ran.out + ran.err
    holding = [path for path in tmp_path.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]
    assert list(tmp_path.rglob("state.db")) and holding == []


def test_a_proxy_that_wants_a_password_ends_the_run_before_it_begins(instance: InstanceFixture) -> None:
    instance.edit("dashboard", "1", title="Changed")
    with HttpProxy(user="me", password=PASSWORD) as proxy:
        ran = instance.run("--select", "dashboard=1", LRESTORE_DESTINATION_PROXY=f"http://{proxy.name}")
    assert (ran.code, ran.writes) == (3, [])
    assert proxy.name in ran.err and "407" in ran.err and "HTTPS_PROXY" in ran.err


def test_a_proxy_of_another_kind_is_a_wrong_setting(instance: InstanceFixture) -> None:
    ran = instance.run("--select", "dashboard=1", LRESTORE_DESTINATION_PROXY="socks5://me:hidden@one:1080")
    assert ran.code == 2 and "destination.proxy" in ran.err.replace("[destination] proxy", "destination.proxy")
    assert "hidden" not in ran.err
