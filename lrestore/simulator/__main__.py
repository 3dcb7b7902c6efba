"""``python -m lrestore.simulator``: a simulated Looker instance for any client, until it is interrupted.

Prints one line of JSON when it listens: ``{"base_url": ..., "client_id": ..., "client_secret": ...}``, with
``--tolerant`` also the lines of the world file that were left out: ``"skipped": [[number, reason], ...]``. The API key
is generated unless the environment has ``LRESTORE_SIMULATOR_CLIENT_ID`` and ``LRESTORE_SIMULATOR_CLIENT_SECRET``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.core.store import World
from lrestore.simulator.world import worldfile
from lrestore.simulator.world.world import make_world

try:
    from lrestore.simulator.http.server import HOSTS, build, new_simulation
except ModuleNotFoundError as error:
    sys.exit(f"error: {error}")

if TYPE_CHECKING:
    import uvicorn


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lrestore.simulator", description="A simulated Looker instance.")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--host", choices=sorted(HOSTS), default="127.0.0.1", help="loopback only")
    parser.add_argument("--world", type=Path, help="world file, .ndjson or .ndjson.gz (default: a small one is made)")
    parser.add_argument("--save", type=Path, help="write the world to this file at the end")
    parser.add_argument("--seed", type=int, default=1, help="of the world that is made, and of chance in faults")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="time that every answer takes at least")
    parser.add_argument("--rate", type=float, default=0.0, help="calls per second beyond which 429 is answered")
    parser.add_argument("--burst", type=int, default=0, help="calls that may come at once (default: a tenth of --rate)")
    parser.add_argument("--no-retry-after", action="store_true", help="429 without a Retry-After header")
    parser.add_argument("--concurrency", type=int, default=0, help="calls under way beyond which 429 is answered")
    parser.add_argument("--page-cap", type=int, default=0, help="most rows of a search, whatever limit says")
    parser.add_argument("--tolerant", action="store_true", help="leave out lines of the world file that are no objects")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input ends")
    parser.add_argument("--release", default="", help="Looker release to play, such as 25.6.0")
    return parser


def _config(options: argparse.Namespace) -> SimulatorConfig:
    return SimulatorConfig(
        latency_ms=options.latency_ms,
        rate_per_s=options.rate,
        rate_burst=options.burst,
        retry_after=not options.no_retry_after,
        concurrency=options.concurrency,
        page_cap=options.page_cap,
        release=options.release,
        seed=options.seed,
    )


def _world(options: argparse.Namespace, skipped: worldfile.Skipped) -> World:
    if not options.world:
        return make_world(seed=options.seed)
    return worldfile.load(options.world, skipped=skipped if options.tolerant else None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; 2 if the world cannot be read or the port is not available."""
    options = _parser().parse_args(arguments)
    skipped: worldfile.Skipped = []
    try:
        simulation = new_simulation(
            _world(options, skipped),
            _config(options),
            client_id=os.environ.get("LRESTORE_SIMULATOR_CLIENT_ID", ""),
            client_secret=os.environ.get("LRESTORE_SIMULATOR_CLIENT_SECRET", ""),
        )
        server, listener = build(simulation, options.host, options.port)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 2
    key = {"client_id": simulation.tokens.client_id, "client_secret": simulation.tokens.client_secret}
    greeting = {"base_url": simulation.public_url, **key, **({"skipped": skipped} if options.tolerant else {})}
    sys.stdout.write(msgspec.json.encode(greeting).decode() + "\n")
    sys.stdout.flush()
    if options.until_eof:
        threading.Thread(target=_end_with_stdin, args=[server], daemon=True).start()
    _serve(server, listener)
    if options.save:
        worldfile.save(simulation.world, options.save)
    return 0


def _end_with_stdin(server: uvicorn.Server) -> None:
    """End the server when the process that holds the other end of standard input has ended, however it did."""
    while sys.stdin.buffer.read(1):
        pass
    server.should_exit = True


def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    """Serve until a signal; uvicorn raises the signal again at its end, which is ignored here."""
    with contextlib.suppress(KeyboardInterrupt):
        signal.signal(signal.SIGTERM, lambda number, frame: None)
        server.run(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main())
