"""The architecture as a contract: who may import whom, and who may touch HTTP, SQLite and processes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import lrestore

ROOT = Path(lrestore.__file__).parent

PURE = frozenset({"ontology", "content", "selection", "graph"})
"""These may import each other, and nothing that touches the world."""

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"json_types", "version"}),
    frozenset({"messages", "clock", "crash_points", "streams", "text"}),
    frozenset({"errors"}),
    frozenset({"settings"}),
    frozenset({"credentials"}),
    PURE,
    frozenset({"looker", "vault"}),
    frozenset({"state"}),
    frozenset({"restoration", "report"}),
    frozenset({"logs"}),
    frozenset({"run"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)
"""From the bottom up: a module imports from layers below its own, and from its own package."""

OUTSIDE: dict[str, frozenset[str]] = {
    "sqlite3": frozenset({"vault", "state"}),
    "multiprocessing": frozenset({"run"}),
    "http": frozenset({"looker", "simulator"}),
    "requests": frozenset({"looker"}),
    # state and run ask for the host's name only.
    "socket": frozenset({"looker", "simulator", "state", "run"}),
    "ssl": frozenset({"looker"}),
    "uvicorn": frozenset({"simulator"}),
    "httptools": frozenset({"looker", "simulator"}),
    "subprocess": frozenset({"simulator"}),
}
"""Libraries that reach out of the process, and the packages that may use them."""


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.rglob("*.py")):
        yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at any depth of its code."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            if node.module == "lrestore":
                yield from (f"lrestore.{alias.name}" for alias in node.names)


def package(module: str) -> str:
    return module.removeprefix("lrestore.").split(".")[0]


def ours(path: Path) -> Iterator[str]:
    """The parts of lrestore that a file imports."""
    for name in imports(path):
        if name.startswith("lrestore."):
            yield name


def layer(name: str) -> int:
    found = [index for index, names in enumerate(LAYERS) if name in names]
    assert found, f"lrestore.{name} belongs to no layer: add it to LAYERS where it belongs"
    return found[0]


INSIDE = [(module, path) for module, path in modules() if package(module) not in ("__init__", "simulator")]


@pytest.mark.parametrize(("module", "path"), INSIDE, ids=[module for module, _ in INSIDE])
def test_a_module_imports_from_lower_layers_only(module: str, path: Path) -> None:
    own = package(module)
    for name in ours(path):
        other = package(name)
        if other == own or {own, other} <= PURE or (own, other) == ("cli", "simulator"):
            continue
        assert layer(other) < layer(own), f"lrestore.{module} imports {name}, which is not below it"


def test_nothing_but_the_command_line_knows_the_simulator() -> None:
    guilty = {
        module
        for module, path in modules()
        if package(module) not in ("simulator", "cli") and any(package(name) == "simulator" for name in ours(path))
    }
    assert not guilty


def test_the_simulator_knows_the_ontology_and_the_format_of_backups_at_most() -> None:
    allowed = {"simulator", "ontology", "vault", "errors", "messages", "json_types"}
    for module, path in modules():
        if package(module) == "simulator":
            assert {package(name) for name in ours(path)} <= allowed, module


def test_the_state_is_written_by_the_run_alone() -> None:
    guilty = {
        module
        for module, path in modules()
        if package(module) not in ("state", "run", "cli") and "lrestore.state.writer" in set(ours(path))
    }
    assert not guilty


@pytest.mark.parametrize("library", sorted(OUTSIDE))
def test_a_library_that_reaches_out_is_used_in_its_place_alone(library: str) -> None:
    guilty = {
        module
        for module, path in modules()
        if package(module) not in OUTSIDE[library] and any(name.split(".")[0] == library for name in imports(path))
    }
    assert not guilty


def test_importing_lrestore_imports_its_version_alone() -> None:
    """``lrestore --version`` must answer at once."""
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    at_the_top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    found = [ast.unparse(node) for node in at_the_top if "lrestore" in ast.unparse(node)]
    assert found == ["from lrestore.version import __version__"]
