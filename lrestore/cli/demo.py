"""The embedded simulated Looker, for ``base_url = "simulator"``: a demo without a Looker and without a backup."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from lrestore.credentials import Credentials
from lrestore.errors import SettingsError
from lrestore.settings import SIMULATOR, Settings

if TYPE_CHECKING:
    from lrestore.simulator.core.store import World
    from lrestore.simulator.http.server import RunningSimulator


def is_demo(settings: Settings) -> bool:
    """Whether the destination is the simulated Looker with a world file."""
    return settings.destination.base_url == SIMULATOR and bool(settings.destination.simulator_world)


def prepare_demo(settings: Settings) -> bool:
    """Create the demo's backup and its drifted Looker if both are missing; returns whether they were created.

    Never changes existing files. Raises SettingsError if the folder cannot be written.
    """
    world = Path(settings.destination.simulator_world)
    missing = [path for path in (*settings.source.paths, str(world)) if not Path(path).exists()]
    if not is_demo(settings) or len(missing) < 1 + len(settings.source.paths):
        return False
    from lrestore.simulator.world.demo import make_demo_files

    try:
        world.parent.mkdir(parents=True, exist_ok=True)
        make_demo_files(world.parent)
    except OSError as error:
        raise SettingsError(f"{world.parent}: cannot create the demo's files: {error.strerror or error}") from error
    return True


def report_path(settings: Settings) -> Path:
    """The path of the demo's report without ``--report``."""
    return Path(settings.destination.simulator_world).with_name("report.json")


@contextmanager
def simulated(settings: Settings) -> Iterator[tuple[Settings, Credentials]]:
    """Run a simulated Looker on loopback while entered; its world is saved at the end.

    Raises SettingsError if the world cannot be read, or if the extra ``lrestore[simulator]`` is not installed.
    """
    from lrestore.simulator.world import worldfile

    start = _server_start()
    world = _world(settings)
    running = start(world)
    try:
        destination = msgspec.structs.replace(
            settings.destination, base_url=running.base_url, verify_ssl=False, proxy="none"
        )
        yield (
            msgspec.structs.replace(settings, destination=destination),
            Credentials(running.client_id, running.client_secret),
        )
    finally:
        running.stop()
        if settings.destination.simulator_world:
            worldfile.save(world, Path(settings.destination.simulator_world))


def _server_start() -> Callable[[World], RunningSimulator]:
    try:
        from lrestore.simulator.http.server import start
    except ModuleNotFoundError as error:
        raise SettingsError(f'[destination] base_url = "simulator": {error}') from error
    return start


def _world(settings: Settings) -> World:
    from lrestore.simulator.world import worldfile
    from lrestore.simulator.world.world import make_world

    path = settings.destination.simulator_world
    if not path:
        return make_world(seed=1)
    try:
        return worldfile.load(path)
    except (OSError, ValueError) as error:
        raise SettingsError(f"[destination] simulator_world {path} cannot be read: {error}") from error
