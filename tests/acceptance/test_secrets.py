"""No secret in anything that is shown, written or listed."""

from __future__ import annotations

import time
from pathlib import Path

from tests.acceptance.instance_fixture import SECRET, InstanceFixture


def holders(directory: Path, secrets: list[bytes]) -> list[str]:
    """Files below a directory that hold one of the secrets."""
    found = [path for path in directory.rglob("*") if path.is_file()]
    return [path.name for path in found if any(secret in path.read_bytes() for secret in secrets)]


def tokens_of(instance: InstanceFixture) -> list[str]:
    return list(instance.simulator.simulation.tokens._tokens)


def test_no_secret_and_no_token_is_in_any_output_or_file(instance: InstanceFixture) -> None:
    """B29: with everything logged, and calls that fail."""
    instance.edit("dashboard", "1", title="Changed")
    instance.delete("dashboard", "2")
    instance.simulator.fault("status:422", operation="update_dashboard")
    instance.simulator.fault("html:502", operation="dashboard", nth=1)
    for log_format in ("text", "json"):
        ran = instance.run(
            "--select", "dashboard", "-v", "--log-file", f"run.{log_format}.log", "--log-format", log_format
        )
        assert SECRET not in ran.out + ran.err
        tokens = tokens_of(instance)
        assert tokens and not any(token in ran.out + ran.err for token in tokens)
        assert holders(instance.directory, [SECRET.encode(), *(token.encode() for token in tokens)]) == []
    assert (instance.directory / "state.d").is_dir(), "undo copies were looked at too"


def test_no_secret_is_in_the_process_list(instance: InstanceFixture) -> None:
    """Neither on a command line nor, of processes that lrestore starts, in the environment."""
    for record in list(instance.world.table("dashboard")) + list(instance.world.table("look")):
        kind = "look" if "query_id" in record else "dashboard"
        instance.edit(kind, record["id"], title=f"Changed {record['id']}")
    instance.simulator.config.latency_ms = 60
    lines: set[bytes] = set()
    with instance.start("--select", "dashboard", "--select", "look", "--select", "folder", "--yes") as process:
        while process.poll() is None:
            lines |= {command for command, _ in family(process.pid)}
            time.sleep(0.01)
        process.communicate()
    assert lines and not any(SECRET.encode() in line for line in lines)


def family(pid: int) -> list[tuple[bytes, bytes]]:
    """Command line and environment of a process and its descendants."""
    found = []
    try:
        base = Path("/proc") / str(pid)
        found.append(((base / "cmdline").read_bytes(), (base / "environ").read_bytes()))
        for task in (base / "task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                found += family(int(child))
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return found
    return found
