"""Speed of decoding blobs to SDK objects: typed msgspec against the SDK's own deserialiser, for a 20-tile dashboard.

The gate is a ratio measured side by side in one run, so that it means the same on any machine. Run with
``python -m pytest bench/test_decode_rate.py -s``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from looker_sdk.rtl import serialize
from looker_sdk.sdk.api40 import models

from bench.gates import GATES
from lrestore.json_types import JsonObject
from lrestore.vault import schema
from lrestore.vault.decode import decode, sdk_class_of, skim
from lrestore.vault.sdk_types import checked_timestamp, dictionary_of
from tests.vault.extracted import backed_up

TILES = 20
ROUNDS = 15
DASHBOARD = schema.VAULT_TYPES["dashboard"]


def api_dashboard() -> JsonObject:
    """A dashboard as the API shows it: tiles with queries, a filter each of them listens to, one layout."""
    return {
        "id": "42",
        "title": "Sales",
        "created_at": "2024-03-05T06:07:08.123+00:00",
        "folder": {"id": "5", "name": "Shared"},
        "dashboard_elements": [tile(str(number)) for number in range(TILES)],
        "dashboard_filters": [
            {"id": "1", "name": "Date", "title": "Date", "type": "field_filter", "ui_config": {"a": 1}}
        ],
        "dashboard_layouts": [{"id": "1", "dashboard_layout_components": [component(str(n)) for n in range(TILES)]}],
    }


def tile(id: str) -> JsonObject:
    query = {
        "id": id,
        "model": "thelook",
        "view": "orders",
        "fields": [f"orders.field_{number}" for number in range(8)],
        "filters": {"orders.created_date": "30 days", "orders.status": "complete"},
        "sorts": ["orders.field_1 desc"],
        "limit": "500",
        "vis_config": {"type": "looker_line", "series_colors": {f"s{n}": "#ffffff" for n in range(10)}, "stacking": ""},
    }
    listen = [{"dashboard_filter_name": "Date", "field": "orders.created_date"}]
    maker = {"query": query, "filterables": [{"model": "thelook", "view": "orders", "listen": listen}]}
    return {"id": id, "title": f"Tile {id}", "type": "vis", "query_id": id, "query": query, "result_maker": maker}


def component(id: str) -> JsonObject:
    return {"id": id, "dashboard_element_id": id, "row": 0, "column": 0, "width": 8, "height": 6}


@pytest.fixture(scope="module")
def blob() -> bytes:
    return msgspec.msgpack.encode(backed_up("dashboard", api_dashboard()))


@pytest.fixture(scope="module")
def text() -> str:
    return msgspec.json.encode(api_dashboard()).decode()


def by_the_sdk(text: str) -> object:
    return serialize.deserialize40(data=text, structure=models.Dashboard)


def best_s(work: Callable[[], object]) -> float:
    """The minimum of several rounds: other programs on the machine can only increase the time."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def test_typed_decoding_beats_the_sdks_deserialiser_by_far(blob: bytes, text: str) -> None:
    typed = msgspec.msgpack.Decoder(dictionary_of(sdk_class_of(DASHBOARD)), dec_hook=checked_timestamp)
    view = typed.decode(blob)["dashboard_elements"][19]["query"]["view"]
    assert view == by_the_sdk(text).dashboard_elements[19].query.view  # type: ignore[attr-defined]
    typed_s, whole_s, sdk_s = (
        best_s(work) for work in (lambda: typed.decode(blob), lambda: decode(DASHBOARD, blob), lambda: by_the_sdk(text))
    )
    print(
        f"\n{TILES} tiles, {len(blob)} bytes of msgpack: typed {typed_s * 1e3:.3f} ms, with builtins and all checks"
        f" {whole_s * 1e3:.3f} ms, looker-sdk {sdk_s * 1e3:.2f} ms: typed is {sdk_s / typed_s:.0f} times as fast,"
        f" with all checks {sdk_s / whole_s:.0f} times"
    )
    assert sdk_s / typed_s >= GATES["decode"]["typed_against_sdk"]
    assert sdk_s / whole_s >= GATES["decode"]["with_checks_against_sdk"]
    assert whole_s / typed_s <= GATES["decode"]["with_checks_against_typed"]


def test_listing_costs_a_small_part_of_decoding(blob: bytes) -> None:
    """Otherwise an index of 50,000 rows would take as long as reading them."""
    skim_s, whole_s = best_s(lambda: skim(DASHBOARD, blob)), best_s(lambda: decode(DASHBOARD, blob))
    print(f"\nskimmed {skim_s * 1e6:.0f} us, decoded {whole_s * 1e6:.0f} us: {whole_s / skim_s:.0f} times as fast")
    assert whole_s / skim_s >= GATES["decode"]["skimmed_against_whole"]


def test_decode_rate(benchmark: Any, blob: bytes) -> None:
    benchmark(decode, DASHBOARD, blob)
