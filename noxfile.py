"""The checks of this repository, one session each: ``nox -l`` lists them.

Sessions run in the environment that nox runs in, which ``pip install -e '.[dev]'`` makes; ``lowest``,
``package`` and ``docs`` make their own.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "spelling", "tests", "bench"]

LOWEST_TESTS = (
    "tests/test_imports.py",
    "tests/test_graph.py",
    "tests/content/test_shapes.py",
    "tests/ontology",
    "tests/vault/test_decode.py",
    "tests/state/test_writer.py",
    "tests/looker/test_session.py",
    "tests/acceptance/test_dashboard.py",
)
"""Fast tests that together touch every dependency."""


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Style, and the order of imports."""
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(venv_backend="none")
def types(session: nox.Session) -> None:
    """Static types, strictly."""
    session.run("mypy")


@nox.session(venv_backend="none")
def spelling(session: nox.Session) -> None:
    """Common misspellings in code and pages; pyproject.toml has the words that are right here."""
    session.run("codespell")


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """The tests; arguments after ``--`` go to pytest."""
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session(venv_backend="none")
def nightly(session: nox.Session) -> None:
    """Every combination of cases, 200 killed runs, and twenty times as many generated examples: some hours."""
    session.run("python", "-m", "pytest", "--full", "--crash-runs", "200", "--crash-passes", "3", *session.posargs)


@nox.session(venv_backend="none")
def bench(session: nox.Session) -> None:
    """The gates of the benchmarks."""
    session.run("python", "-m", "pytest", "-n", "0", "bench")


@nox.session(venv_backend="none")
def coverage(session: nox.Session) -> None:
    """The tests with coverage, that of child processes included; without arguments all but the tests that kill.

    A killed process leaves no coverage, and the runs after a kill execute the same lines as others.
    """
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *(session.posargs or ("-m", "not crash")))
    session.run("coverage", "combine")
    session.run("coverage", "report")


@nox.session(venv_backend="venv")
def lowest(session: nox.Session) -> None:
    """Fast tests against the oldest releases that setup.cfg allows."""
    session.install("-c", "tests/lowest.txt", ".[test]")
    session.run("python", "-m", "pytest", "-n", "0", *LOWEST_TESTS)


@nox.session(venv_backend="venv")
def package(session: nox.Session) -> None:
    """Wheel and sdist; the wheel, made from the sdist, restores the demo in an environment of its own."""
    session.install("build", "twine")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        session.run("python", "-m", "build", "--outdir", folder)
        files = sorted(str(file) for file in made.iterdir())
        session.run("twine", "check", "--strict", *files)
        wheel = next(file for file in files if file.endswith(".whl"))
        session.install(f"lrestore[simulator] @ {Path(wheel).as_uri()}")
        # Not from the tree, whose modules would be imported before the wheel's.
        lrestore, outside = str(Path(session.bin, "lrestore").resolve()), {"PYTHONPATH": None}
        with session.chdir(folder):
            settings = session.run(lrestore, "--print-config", "demo", silent=True, env=outside, external=True)
            (made / "demo.toml").write_text(str(settings), encoding="utf-8")
            demo = ("--config", "demo.toml")
            session.run(lrestore, *demo, env=outside, external=True)
            session.run(lrestore, *demo, "--verify", "--html", "report.html", env=outside, external=True)


@nox.session(venv_backend="venv")
def docs(session: nox.Session) -> None:
    """The site, in site/; a warning fails."""
    session.install(".[docs]")
    session.run("mkdocs", "build", "--strict", *session.posargs)
