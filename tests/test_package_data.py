"""Every file that lrestore reads at run time is in the wheel: setup.cfg names it."""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "lrestore"


def test_setup_cfg_names_every_data_file() -> None:
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    declared = config["options.package_data"]
    found = {path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert len(found) > 5
    named = {
        path
        for package in packages()
        for pattern in patterns(declared, package)
        for path in folder(package).glob(pattern)
    }
    assert found - named == set()


def packages() -> Iterator[str]:
    for init in PACKAGE.rglob("__init__.py"):
        yield ".".join(init.parent.relative_to(ROOT).parts)


def folder(package: str) -> Path:
    return ROOT / package.replace(".", "/")


def patterns(declared: configparser.SectionProxy, package: str) -> list[str]:
    return f"{declared.get(package, '')} {declared.get('*', '')}".split()
