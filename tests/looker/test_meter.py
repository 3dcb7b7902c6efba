"""Calls are licensed: their count is the count of what went out."""

from __future__ import annotations

import threading

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from lrestore.looker.meter import ApiUsage, CallMeter
from tests.looker.conftest import Connect, Serve
from tests.looker.faults import hang_up, reply

COUNTS = st.integers(min_value=0, max_value=1000)
BY_NAME = st.dictionaries(st.sampled_from(["dashboard", "look", "login"]), COUNTS)
USAGE = st.builds(
    ApiUsage,
    calls=COUNTS,
    by_operation=BY_NAME,
    by_activity=BY_NAME,
    retries=COUNTS,
    rate_limited=COUNTS,
    bytes_sent=COUNTS,
    bytes_received=COUNTS,
)


@given(USAGE, USAGE, USAGE)
def test_adding_up_is_the_same_in_any_order(a: ApiUsage, b: ApiUsage, c: ApiUsage) -> None:
    assert (a + b) + c == a + (b + c) and a + b == b + a and a + ApiUsage() == a


def test_the_latency_is_the_mean_of_all_answers() -> None:
    one, other = CallMeter(), CallMeter()
    for seconds in (0.01, 0.03):
        one.answered("dashboard", seconds)
    other.answered("dashboard", 0.02)
    other.answered("look", 0.1)
    both = one.snapshot() + other.snapshot()
    assert ApiUsage().latency_ms == 0 and ApiUsage().latencies_ms == {}
    assert (both.latency_ms, both.latencies_ms) == (40, {"dashboard": 20, "look": 100})


def test_the_calls_of_many_threads_are_all_counted() -> None:
    meter = CallMeter()

    def work() -> None:
        for _ in range(1000):
            meter.called("dashboard", "non_query", 1, 2)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    usage = meter.snapshot()
    assert (usage.calls, usage.bytes_sent, usage.bytes_received) == (4000, 4000, 8000)


def test_a_snapshot_stays_as_it_is() -> None:
    meter = CallMeter()
    before = meter.snapshot()
    meter.called("dashboard", "non_query", 1, 2)
    assert before == ApiUsage() and meter.snapshot().by_operation == {"dashboard": 1}


def test_repeated_calls_count_each_time_by_operation_and_activity(serve: Serve, connect: Connect) -> None:
    server = serve(hang_up, reply(503, {"message": "x"}), reply(200, {}), reply(200, {}))
    session = connect(server)
    session.call("dashboard", path={"dashboard_id": "1"})
    session.call("create_query", body={})
    usage = session.meter.snapshot()
    assert usage.by_operation == {"login": 1, "dashboard": 3, "create_query": 1}
    assert usage.by_activity == {"none": 1, "non_query": 3, "db_query": 1}
    assert (usage.calls, usage.retries) == (5, 2)
    assert usage.calls == len(server.requests) + len(server.logins)


def test_it_crosses_a_process_boundary() -> None:
    usage = ApiUsage(calls=1, by_operation={"dashboard": 1})
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(usage), type=ApiUsage) == usage
