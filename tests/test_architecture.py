"""The script that measures the structure of the package."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from bench.architecture import circles, count_named, floors, import_graph, participles, read_modules, report, rooms
from bench.trace_item import Tracer, summary

SOURCES = {
    "__init__.py": "",
    "run/__init__.py": "",
    "run/start.py": "from lrestore.run import job\n\ndef start(what: Any) -> None:\n    import lrestore.run.job\n",
    "run/resting.py": "from lrestore.run.job import wait\nfrom lrestore import other\n",
    "run/job.py": "from lrestore.run.resting import Job\n",
    "other.py": "import json\n",
}


def write_package(root: Path) -> None:
    for name, text in SOURCES.items():
        path = root / "lrestore" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_imports_become_arrows_floors_and_circles(tmp_path: Path) -> None:
    write_package(tmp_path)
    graph = import_graph(read_modules(tmp_path))
    assert graph["lrestore.run.resting"] == {"lrestore.run.job", "lrestore.other"}
    inside = rooms("lrestore.run", graph)
    assert inside == {"start": {"job"}, "job": {"resting"}, "resting": {"job"}}
    assert circles(inside) == [["job", "resting"]]
    assert floors(inside) == 2
    assert rooms("lrestore", graph) == {"run": {"other"}, "other": set()}


def test_a_checkout_may_be_given_by_its_package(tmp_path: Path) -> None:
    write_package(tmp_path)
    assert read_modules(tmp_path / "lrestore").keys() == read_modules(tmp_path).keys()
    with pytest.raises(FileNotFoundError, match="no folder lrestore"):
        read_modules(tmp_path / "lrestore" / "run")


def test_names_and_types_are_counted(tmp_path: Path) -> None:
    write_package(tmp_path)
    modules = read_modules(tmp_path)
    assert participles(modules) == ["lrestore.run.resting"]
    assert count_named(modules.values(), {"Any"}) == 1


def test_the_report_of_this_repository_names_every_package() -> None:
    text = "\n".join(report(read_modules(Path(__file__).parent.parent)))
    assert "lrestore.restoration.identify" in text and "circles of modules: 0" in text


def test_a_trace_counts_calls_across_modules_and_those_of_the_item_apart(tmp_path: Path) -> None:
    """The caller is the nearest function of the package: others in between, such as map, are skipped."""
    names: dict[str, Any] = {}
    sources = {
        "vault": "def read():\n    return clean(1)\ndef clean(n):\n    return n\n",
        "items": "class ItemLoop:\n    def one(self):\n        return list(map(lambda _: read(), (1, 2)))\n",
        "cli": "def main():\n    return ItemLoop().one(), read()\n",
    }
    for name, source in sources.items():
        exec(compile(source, str(tmp_path / "lrestore" / f"{name}.py"), "exec"), names)
    tracer = Tracer(tmp_path)
    sys.setprofile(tracer)
    try:
        names["main"]()
    finally:
        sys.setprofile(None)
    item, whole = summary(tracer.item), summary(tracer.whole)
    assert (item.modules, item.functions, item.hand_overs) == (["items", "vault"], 4, 3)
    assert (whole.modules, whole.functions, whole.hand_overs) == (["cli", "items", "vault"], 5, 4)
