"""Measure the structure of the package ``lrestore``: folders, imports, sizes, names and types.

    python -m bench.architecture [directory of a checkout]

It reads source text and imports nothing, so that it can measure any commit. For each package it prints:

rooms      modules and sub-packages directly in it
arrows     pairs of rooms of which one imports the other, at any depth of the code
floors     length of the longest chain of arrows, circles counted as one room
circles    groups of rooms that import each other
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

PACKAGE = "lrestore"
_PARTICIPLE = re.compile(r"(?<!th)ing$|(?<!e)ed$")
_LOOSE_ALIASES = frozenset({"JsonObject", "Object"})
"""Names that the code has given to ``dict[str, Any]``."""

Graph = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class Module:
    """One parsed source file. ``name`` is dotted; the ``__init__`` of a package has the package's name."""

    name: str
    lines: int
    tree: ast.Module


def read_modules(root: Path) -> dict[str, Module]:
    """Every module below ``root``/lrestore, by name; ``root`` may also be that folder. Raises OSError or SyntaxError if
    a file cannot be read, FileNotFoundError if there is none.
    """
    if root.resolve().name == PACKAGE and not (root / PACKAGE).is_dir():
        root = root.resolve().parent
    if not (root / PACKAGE).is_dir():
        raise FileNotFoundError(f"there is no folder {PACKAGE} in {root}")
    found = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        text = path.read_text(encoding="utf-8")
        found[name] = Module(name, len(text.splitlines()), ast.parse(text))
    return found


def import_graph(modules: Mapping[str, Module]) -> dict[str, set[str]]:
    """Each module, and the modules of the package that it imports at any depth of its code."""
    return {name: (_targets(module.tree, modules) & modules.keys()) - {name} for name, module in modules.items()}


def _targets(tree: ast.Module, known: Collection[str]) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else node.module for name in named}
    return found


def rooms(package: str, graph: Graph) -> dict[str, set[str]]:
    """The rooms of ``package``, and the rooms of the same package that each imports."""
    found: dict[str, set[str]] = {}
    for name, targets in graph.items():
        own = _room(package, name)
        if own is not None:
            others = {_room(package, target) for target in targets} - {None, own}
            found.setdefault(own, set()).update(other for other in others if other is not None)
    return found


def _room(package: str, module: str) -> str | None:
    inside = module.removeprefix(f"{package}.")
    return None if inside == module else inside.split(".")[0]


def circles(graph: Graph) -> list[list[str]]:
    """The groups of nodes that reach each other, largest first."""
    reach = {node: _reached(node, graph) for node in graph}
    groups = {tuple(sorted(other for other in reach[node] if node in reach[other])) for node in graph}
    return sorted((list(group) for group in groups if len(group) > 1), key=lambda group: (-len(group), group))


def _reached(start: str, graph: Graph) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = set(graph[waiting.pop()]) - found
        found |= new
        waiting.extend(new)
    return found


def floors(graph: Graph) -> int:
    """The number of nodes in the longest chain of imports; a circle counts as one node."""
    of = {node: circle[0] for circle in circles(graph) for node in circle}
    depth: dict[str, int] = {}

    def measure(node: str) -> int:
        if node not in depth:
            members = [other for other in graph if of.get(other, other) == node]
            below = {of.get(target, target) for member in members for target in graph[member]} - {node}
            depth[node] = 1 + max((measure(other) for other in below), default=0)
        return depth[node]

    return max((measure(of.get(node, node)) for node in graph), default=0)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def types_in_signature(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    """The types that a signature names, including the result type."""
    given = function.args
    for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg):
        if argument is not None and argument.annotation is not None:
            yield argument.annotation
    if function.returns is not None:
        yield function.returns


def count_named(modules: Iterable[Module], names: Collection[str]) -> int:
    """How many annotations in signatures contain one of ``names``."""
    return sum(
        any(isinstance(part, ast.Name) and part.id in names for part in ast.walk(annotation))
        for module in modules
        for function in functions(module.tree)
        for annotation in types_in_signature(function)
    )


def participles(names: Iterable[str]) -> list[str]:
    """The modules whose name ends in a participle: such a name says what happens, not what the module is."""
    return sorted(name for name in names if _PARTICIPLE.search(name.rpartition(".")[2]))


def _sizes(label: str, numbers: list[int]) -> str:
    ninety = round(quantiles(numbers, n=10, method="inclusive")[-1])
    return f"{label:<10} {len(numbers):>5}   lines: median {median(numbers):.0f}, p90 {ninety}, max {max(numbers)}"


def report(modules: Mapping[str, Module]) -> Iterator[str]:
    """The lines of the report."""
    graph = import_graph(modules)
    packages = sorted({name for name in modules if any(other.startswith(f"{name}.") for other in modules)})
    yield f"{'package':<36} {'rooms':>5} {'arrows':>6} {'floors':>6} {'circles':>7}"
    for package in packages:
        inside = rooms(package, graph)
        arrows = sum(len(targets) for targets in inside.values())
        yield f"{package:<36} {len(inside):>5} {arrows:>6} {floors(inside):>6} {len(circles(inside)):>7}"
    yield ""
    found = circles(graph)
    yield f"circles of modules: {len(found)}"
    yield from (f"  {' <-> '.join(circle)}" for circle in found)
    back = sorted(name for name, targets in graph.items() if PACKAGE in targets)
    yield f"modules that import {PACKAGE}/__init__: {len(back)} {' '.join(back)}".rstrip()
    yield ""
    yield _sizes("modules", [module.lines for module in modules.values()])
    lengths = [(one.end_lineno or one.lineno) - one.lineno + 1 for m in modules.values() for one in functions(m.tree)]
    yield _sizes("functions", lengths)
    named = participles(modules)
    yield f"modules named by a participle: {len(named)} {' '.join(named)}".rstrip()
    ours = [module for name, module in modules.items() if name.startswith(f"{PACKAGE}.restoration")]
    yield f"annotations in signatures of restoration that name Any: {count_named(ours, {'Any'})}"
    yield f"  that name an alias of dict[str, Any] (JsonObject, Object): {count_named(ours, _LOOSE_ALIASES)}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.architecture", description="Measure the structure.")
    parser.add_argument("root", type=Path, nargs="?", default=Path(__file__).parent.parent, help="a checkout")
    try:
        modules = read_modules(parser.parse_args().root)
    except FileNotFoundError as error:
        parser.error(str(error))
    for line in report(modules):
        print(line)


if __name__ == "__main__":
    main()
