"""A report is written completely, never over another file, and an unwritable path is detected before the run."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.errors import LrestoreError, UsageError
from lrestore.report.write import ensure_writable, report_json, write_whole
from tests.report.builders import item, report
from tests.waiting import HANG_S


def test_a_report_is_written_with_the_users_permissions_and_without_leftovers(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    mask = os.umask(0o027)
    try:
        write_whole(path, report_json(report([item()])))
    finally:
        os.umask(mask)
    assert path.read_bytes() == report_json(report([item()]))
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_an_earlier_report_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_whole(path, report_json(report([])))
    ensure_writable(path)
    write_whole(path, report_json(report([item()])))
    assert b'"updated": 1' in path.read_bytes()


@pytest.mark.parametrize("place", ["nowhere/report.json", "", "a-file/report.json"])
def test_an_unwritable_path_is_detected_at_the_start(tmp_path: Path, place: str) -> None:
    (tmp_path / "a-file").write_text("{}")
    with pytest.raises(UsageError, match="cannot write the report"):
        ensure_writable(tmp_path / place)


def test_checking_leaves_no_file(tmp_path: Path) -> None:
    ensure_writable(tmp_path / "report.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"SQLite format 3\x00", b"\x1f\x8b\x08", b"[source]\npath = 'vault.db'\n"])
def test_a_backup_or_settings_file_is_never_overwritten(tmp_path: Path, content: bytes) -> None:
    """A mistyped ``--report vault.db`` must not destroy the backup."""
    path = tmp_path / "vault.db"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="does not hold the report of an earlier run"):
        ensure_writable(path)
    assert path.read_bytes() == content


def test_an_html_report_may_replace_an_html_report(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("<!doctype html>")
    ensure_writable(path, first=b"<")


def test_a_failed_write_keeps_the_earlier_report_and_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "report.json"
    with pytest.raises(LrestoreError, match=r"gone/report\.json: No such file"):
        write_whole(path, report_json(report([])))


def test_a_disk_that_fills_up_is_an_error_that_names_the_file() -> None:
    with pytest.raises(LrestoreError, match="/dev/full: No space left"):
        write_whole("/dev/full", b"x" * 10_000)


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_replaced_and_its_target_is_not_changed(tmp_path: Path, there: bool) -> None:
    """In a folder that other users can write to, a link may be an attack."""
    target, link = tmp_path / "real.json", tmp_path / "link.json"
    if there:
        target.write_text("precious")
    link.symlink_to(target)
    ensure_writable(link)
    write_whole(link, report_json(report([])))
    assert not link.is_symlink() and link.read_bytes() == report_json(report([]))
    assert target.exists() is there and (not there or target.read_text() == "precious")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_the_mode_of_an_existing_file_is_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "report.json"
    path.write_text("{}")
    path.chmod(mode)
    write_whole(path, report_json(report([])))
    assert path.stat().st_mode & 0o777 == mode
    assert list(tmp_path.iterdir()) == [path]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    ensure_writable(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, b"{}")
    reader.join(timeout=HANG_S)
    assert read == [b"{}"]
    assert pipe.is_fifo()


def test_a_write_that_breaks_off_leaves_the_earlier_file_and_nothing_else(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"{"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "report.json"
    path.write_bytes(b"{}")
    with pytest.raises(LrestoreError, match=r"could not write the report to .*report\.json: No space left on device"):
        write_whole(path, pieces())
    assert path.read_bytes() == b"{}" and list(tmp_path.iterdir()) == [path]
