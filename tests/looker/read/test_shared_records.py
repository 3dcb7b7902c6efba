"""Records that the processes of a run share in a file, whichever of them is killed."""

from __future__ import annotations

import fcntl
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from lrestore.looker.read.index_files import Claims
from lrestore.looker.read.shared_records import SharedRecords
from tests.waiting import HANG_S

HOLD = """
import sys
from pathlib import Path
from lrestore.looker.read.shared_records import SharedRecords
with SharedRecords(Path(sys.argv[1]), str).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


def records(path: Path) -> SharedRecords[str]:
    return SharedRecords(path, str)


def test_each_process_reads_what_was_appended_since(tmp_path: Path) -> None:
    first, second = records(tmp_path / "file"), records(tmp_path / "file")
    assert first.fresh() == []
    first.append("one")
    second.append("two\nlines")
    assert first.fresh() == second.fresh() == ["one", "two\nlines"]
    second.append("three")
    assert first.fresh() == ["three"]
    assert not first.is_cut_off


def test_a_record_that_was_cut_off_anywhere_is_left_out_and_no_other(tmp_path: Path) -> None:
    whole = b"\n" + msgspec.json.encode("cut off") + b"\n"
    # Less than the line's end; a record that lacks nothing else is whole.
    for length in range(2, len(whole) - 1):
        path = tmp_path / str(length)
        records(path).append("before")
        with path.open("ab") as file:
            file.write(whole[:length])
        reader = records(path)
        assert reader.fresh() == ["before"]
        assert reader.is_cut_off
        records(path).append("after")
        assert reader.fresh() == ["after"]
        assert reader.is_cut_off


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "file"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with path.open("ab") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        holder.kill()
        holder.wait(HANG_S)
    with records(path).locked():
        pass


@contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """As on a full disk, writes beyond that size are cut short."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_claims_that_a_full_disk_has_cut_off_are_refused_by_all_processes(tmp_path: Path) -> None:
    writer, other = Claims(tmp_path / "claims"), Claims(tmp_path / "claims")
    assert writer.take([1])
    with files_of_at_most((tmp_path / "claims").stat().st_size + 10), pytest.raises(OSError, match="full"):
        writer.take([2**64 - 1])
    for claims in (writer, other):
        with pytest.raises(OSError, match="ended while it claimed"):
            claims.take([2])
