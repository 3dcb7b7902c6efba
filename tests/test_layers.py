"""The architecture as a contract: who may import whom, and who may touch HTTP, SQLite and processes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import lrestore

ROOT = Path(lrestore.__file__).parent

PURE = frozenset({"ontology", "content", "filters", "selection", "graph"})
"""These may import each other, and nothing that touches the world."""

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"json_types", "sdk", "version"}),
    frozenset({"messages", "clock", "crash_points", "log_fields", "streams", "text"}),
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

FLOORS: dict[str, tuple[frozenset[str], ...]] = {
    "run": (
        frozenset({"audit", "contents", "limiter", "request"}),
        # The plan that is carried out is a part of a job.
        frozenset({"items", "saved_plan"}),
        frozenset({"select", "surroundings"}),
        frozenset({"job"}),
        frozenset({"report_head"}),
        frozenset({"journal"}),
        frozenset({"prepare", "undo"}),
        frozenset({"introduction"}),
        frozenset({"early_calls"}),
        frozenset({"destination", "session"}),
        frozenset({"bulk", "compare", "in_process"}),
        frozenset({"finish", "guards"}),
        frozenset({"comparison", "restore"}),
        frozenset({"start"}),
        frozenset({"resume"}),
    ),
    "run.bulk": (
        frozenset({"pipes"}),
        frozenset({"launch"}),
        frozenset({"batch_size", "call_crash_points", "callers", "crash_policy", "failed_needs", "protocol"}),
        frozenset({"sent_records", "worker_brief"}),
        frozenset({"outbox", "coordinator_outbox"}),
        frozenset({"briefs", "open_tasks", "worker_context"}),
        frozenset({"worker", "writer"}),
        # Imported by name, by the fork server that launch.launcher starts.
        frozenset({"preload", "processes"}),
        frozenset({"hand_out"}),
        frozenset({"coordinator"}),
        frozenset({"start"}),
    ),
    "restoration": (
        frozenset({"deferrals", "journal", "policy", "stand_in_names", "writes"}),
        frozenset({"beside", "ports"}),
        frozenset({"backup", "destination"}),
        frozenset({"context"}),
        frozenset({"identify"}),
        frozenset({"touches"}),
        frozenset({"apply", "changed_since", "left_alone", "plan"}),
        frozenset({"undo_rules"}),
        frozenset({"access", "boards", "dashboards", "name_swaps", "schedules", "users"}),
        frozenset({"type_handlers"}),
        frozenset({"item_plan"}),
        frozenset({"item"}),
    ),
    "looker": (
        frozenset({"caller", "meter", "retries"}),
        frozenset({"limits", "read"}),
        frozenset({"http"}),
        frozenset({"auth"}),
        frozenset({"session"}),
    ),
    "looker.http": (
        frozenset({"calls", "endpoint", "before_send", "shape"}),
        frozenset({"answers"}),
        frozenset({"errors", "proxies"}),
        frozenset({"connections"}),
        frozenset({"transport"}),
        frozenset({"sdk_transport"}),
    ),
    "looker.read": (
        frozenset(
            {"access_lists", "colours", "copies", "folder_tree", "group_tree", "page_sizes", "shared_records", "users"}
        ),
        frozenset({"reads", "index_files"}),
        frozenset({"index_lists", "index_table", "lookml"}),
        frozenset({"index", "made"}),
        frozenset({"existence", "listings", "searches"}),
        frozenset({"explores", "personal_folders", "single_objects"}),
        frozenset({"live"}),
        frozenset({"source_instance"}),
    ),
    "simulator": (
        frozenset({"core"}),
        frozenset({"api"}),
        frozenset({"world"}),
        frozenset({"http"}),
        frozenset({"__main__"}),
    ),
}
"""The rooms of each package from the bottom up. A room imports from lower floors, not from its neighbours.

A room is a module or a sub-package; a dotted name gives one module of a sub-package a floor of its own.
"""

OUTSIDE: dict[str, frozenset[str]] = {
    "sqlite3": frozenset({"vault", "state"}),
    "multiprocess": frozenset({"run"}),
    # There alone, so that every process imports it in the same way.
    "looker_sdk": frozenset({"sdk"}),
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


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.rglob("*.py")):
        yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path


@cache
def imports(path: Path) -> frozenset[str]:
    """Every module that a file imports, at any depth of its code."""
    found: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            if node.module == "lrestore":
                found |= {f"lrestore.{alias.name}" for alias in node.names}
    return frozenset(found)


def dotted(module: str) -> str:
    """``run.journal.__init__`` is known to importers as ``lrestore.run.journal``."""
    return f"lrestore.{module}".removesuffix(".__init__")


@cache
def edges() -> dict[str, set[str]]:
    """Each module, and the modules of lrestore that it imports, ``lrestore`` itself included."""
    known = {dotted(module): path for module, path in modules()}
    found: dict[str, set[str]] = {}
    for module, path in known.items():
        targets: set[str] = set()
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Import):
                targets |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                full = {f"{node.module}.{alias.name}" for alias in node.names}
                targets |= {name if name in known else node.module for name in full}
        found[module] = (targets & known.keys()) - {module}
    return found


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


def floor(group: str, module: str) -> int | None:
    """The floor of a module of ``group``; None for the package itself and for modules of other packages."""
    room = module.removeprefix(f"lrestore.{group}.")
    if room == module:
        return None
    parts = room.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        for index, rooms in enumerate(FLOORS[group]):
            if name in rooms:
                return index
    if room in EMPTY.get(group, ()):
        return None
    pytest.fail(f"{module} has no floor in {group}: add {parts[0]} to FLOORS where it belongs")


EMPTY: dict[str, frozenset[str]] = {"run.bulk": frozenset({"launch"})}
"""Sub-packages whose modules have floors of their own: the package itself imports nothing."""


def room_of(group: str, module: str) -> str:
    """The name under which a module stands in FLOORS: its longest prefix there."""
    named = {name for rooms in FLOORS[group] for name in rooms}
    parts = module.removeprefix(f"lrestore.{group}.").split(".")
    prefixes = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((prefix for prefix in prefixes if prefix in named), parts[0])


@pytest.mark.parametrize("group", sorted(FLOORS))
def test_a_room_imports_from_lower_floors_only(group: str) -> None:
    guilty = []
    for module, targets in edges().items():
        own = floor(group, module)
        for target in targets:
            other = floor(group, target)
            if own is None or other is None or room_of(group, module) == room_of(group, target):
                continue
            if other >= own:
                guilty.append(f"{module} (floor {own}) imports {target} (floor {other})")
    assert not guilty


@pytest.mark.parametrize("group", sorted(FLOORS))
def test_every_room_in_the_table_exists(group: str) -> None:
    named = {f"lrestore.{group}.{name}" for rooms in FLOORS[group] for name in rooms}
    assert named <= edges().keys()


def test_no_module_imports_itself_through_others() -> None:
    try:
        TopologicalSorter(edges()).prepare()
    except CycleError as error:
        pytest.fail(f"modules import each other in a circle: {' <- '.join(error.args[1])}")


def test_no_module_imports_the_package_lrestore_itself() -> None:
    """``lrestore`` is the Python API on top of everything. What lower modules need of it is in lrestore.version."""
    guilty = {module for module, targets in edges().items() if "lrestore" in targets}
    assert not guilty


def test_nothing_but_the_command_line_knows_the_simulator() -> None:
    guilty = {
        module
        for module, path in modules()
        if package(module) not in ("simulator", "cli") and any(package(name) == "simulator" for name in ours(path))
    }
    assert not guilty


def test_the_simulator_knows_the_ontology_and_the_format_of_backups_at_most() -> None:
    assert any(package(module) == "simulator" for module, _ in modules())
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
