"""The log: form, levels, places, and that no secret gets into it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lrestore import logs
from lrestore.errors import UsageError
from lrestore.log_fields import log_item, log_session, with_log_item

log = logging.getLogger("lrestore.test")
library = logging.getLogger("somelibrary")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("lrestore")
    before = (list(root.handlers), root.level, ours.level, logs._Known.values, logs._Known.secrets)
    root.handlers = []
    log_session(None)
    yield
    log_session(None)
    for handler in root.handlers:
        handler.close()
    root.handlers = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    logs._Known.values, logs._Known.secrets = before[3:]


def configured(format: str = "text", level: int = logging.INFO, file: Path | None = None) -> io.StringIO:
    stream = io.StringIO()
    logs.configure(level=level, format=format, file=file, stream=stream)  # type: ignore[arg-type]
    return stream


def entries(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail(message: str) -> None:
    raise ValueError(message)


def test_a_line_of_text_has_time_level_and_message() -> None:
    stream = configured()
    log.warning("%s is %d days old", "vault.db", 3)
    moment, level, message = stream.getvalue().rstrip("\n").split(" ", 2)
    assert (moment[4], moment[10], moment[-1]) == ("-", "T", "Z")
    assert (level, message) == ("WARNING", "vault.db is 3 days old")


def test_a_line_of_json_has_the_same_and_the_logger() -> None:
    stream = configured("json")
    log.error("dashboard=%s: “%s”", 42, 'Säles "new"\nline')
    (entry,) = entries(stream)
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "level": "ERROR",
        "logger": "lrestore.test",
        "message": 'dashboard=42: “Säles "new"\nline”',
    }


def test_a_line_of_json_names_its_session_worker_and_item() -> None:
    stream = configured("json")
    log_session("20261123-100000-abcdef", 2)
    with log_item("dashboard=42"):
        log.info("inside")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(with_log_item(lambda: log.info("another thread, same item"))).result()
            pool.submit(lambda: log.info("another thread")).result()
    log.info("after", extra={"worker": 3})
    fields = [(line.get("session"), line.get("worker"), line.get("item")) for line in entries(stream)]
    session = "20261123-100000-abcdef"
    assert fields == [
        (session, 2, "dashboard=42"),
        (session, 2, "dashboard=42"),
        (session, 2, None),
        (session, 3, None),
    ]


def test_an_item_is_left_when_it_fails() -> None:
    stream = configured("json")
    with suppress(ValueError), log_item("dashboard=42"):
        fail("broken")
    log.info("after")
    (entry,) = entries(stream)
    assert "item" not in entry


def test_a_secret_in_a_field_is_masked() -> None:
    stream = configured("json")
    logs.redact("s3cret-value")
    with log_item("user=s3cret-value"):
        log.info("inside")
    assert "s3cret-value" not in stream.getvalue()


def test_a_name_from_the_backup_cannot_forge_a_line_or_command_the_terminal() -> None:
    stream = configured()
    log.info("restored %s", "Sales\n2026-11-23T10:00:00Z ERROR all lost \x1b[2J")
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()


def test_a_stack_trace_follows_its_line() -> None:
    text = configured()
    try:
        fail("broken")
    except ValueError:
        log.exception("dashboard=1")
    lines = text.getvalue().splitlines()
    assert lines[0].endswith("ERROR dashboard=1") and lines[-1] == "ValueError: broken"
    machine = configured("json")
    try:
        fail("broken")
    except ValueError:
        log.exception("dashboard=1")
    assert entries(machine)[0]["trace"].rstrip().endswith("ValueError: broken")


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_secret_is_masked_wherever_it_comes_from(format: str, tmp_path: Path) -> None:
    """FR: no secret in any log; in message, arguments, stack trace, and as it looks in a URL."""
    file = tmp_path / "log"
    stream = configured(format, file=file)
    logs.redact('hunter2/"x')
    logs.redact("")
    log.info('sent hunter2/"x')
    log.info("sent %s", 'hunter2/"x')
    log.info("sent %s", {"secret": 'hunter2/"x'})
    log.info("GET /?s=hunter2%2F%22x")
    try:
        fail('it was hunter2/"x')
    except ValueError:
        log.exception("failed")
    for written in (stream.getvalue(), file.read_text()):
        assert "hunter2" not in written
        assert written.count("***") >= 5


def test_a_secret_that_begins_like_another_is_masked_whole() -> None:
    stream = configured()
    logs.redact("hunter2")
    logs.redact("hunter2hunter3")
    log.info("hunter2hunter3 hunter2")
    assert stream.getvalue().endswith("INFO *** ***\n")


def test_libraries_are_heard_when_they_warn() -> None:
    stream = configured(level=logging.DEBUG)
    library.info("connection opened")
    log.debug("ours")
    library.warning("connection lost")
    assert [line.split(" ", 2)[2] for line in stream.getvalue().splitlines()] == ["ours", "connection lost"]


def test_libraries_are_heard_in_full_when_everything_is_asked_for() -> None:
    stream = configured(level=logs.EVERYTHING)
    library.debug("connection opened")
    assert "connection opened" in stream.getvalue()


def test_quiet_leaves_what_is_wrong() -> None:
    stream = configured(level=logging.ERROR)
    log.warning("hm")
    library.warning("hm")
    log.error("oh")
    assert stream.getvalue().splitlines()[0].endswith("ERROR oh")
    assert stream.getvalue().count("\n") == 1


def test_the_file_gets_the_same_lines_after_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "lrestore.log"
    file.write_text("earlier\n")
    stream = configured(file=file)
    log.info("now")
    assert file.read_text() == "earlier\n" + stream.getvalue()


def test_the_file_may_be_rotated_away(tmp_path: Path) -> None:
    file = tmp_path / "lrestore.log"
    configured(file=file)
    log.info("before")
    file.rename(tmp_path / "lrestore.log.1")
    log.info("after")
    assert "after" in file.read_text() and "before" not in file.read_text()


def test_a_file_that_cannot_be_written_is_a_usage_error_and_changes_nothing(tmp_path: Path) -> None:
    stream = configured()
    with pytest.raises(UsageError, match=r"--log-file .*nowhere.*: cannot be written: No such file"):
        configured(file=tmp_path / "nowhere" / "log")
    log.info("still here")
    assert "still here" in stream.getvalue()


def test_configuring_again_replaces_instead_of_doubling(tmp_path: Path) -> None:
    first, second = configured(file=tmp_path / "log"), configured(file=tmp_path / "log")
    log.info("once")
    assert (first.getvalue(), second.getvalue().count("once")) == ("", 1)
    assert (tmp_path / "log").read_text().count("once") == 1


class Broken(io.StringIO):
    def write(self, text: str, /) -> int:
        raise BrokenPipeError


def test_a_closed_stderr_does_not_end_the_run(tmp_path: Path) -> None:
    file = tmp_path / "log"
    logs.configure(level=logging.INFO, format="text", file=file, stream=Broken())
    log.info("goes on")
    assert "goes on" in file.read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_does_not_end_the_run_and_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    stream = configured(file=Path("/dev/full"))
    log.info("one")
    log.info("two")
    assert capsys.readouterr().err.count("/dev/full: cannot be written") == 1
    assert "two" in stream.getvalue()


def own_handlers_get(message: str, *arguments: object) -> None:
    """Log past pytest's own handlers, which would raise, or show what cannot be shown."""
    record = log.makeRecord(log.name, logging.INFO, "", 0, message, arguments, None)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logs._StreamHandler | logging.FileHandler) and type(handler).__module__ == logs.__name__:
            handler.handle(record)


def test_a_message_whose_arguments_do_not_fit_is_logged_all_the_same() -> None:
    stream = configured()
    own_handlers_get("%d items", "no")
    assert "%d items" in stream.getvalue() and "no" in stream.getvalue()


@pytest.mark.parametrize("format", ["text", "json"])
def test_text_that_is_no_unicode_is_logged_all_the_same(format: str, tmp_path: Path) -> None:
    configured(format, file=tmp_path / "log")
    own_handlers_get("name %s", "a\ud800b")
    assert "name a" in (tmp_path / "log").read_text(encoding="utf-8")


def test_each_record_is_one_write_so_that_a_progress_bar_is_not_cut() -> None:
    writes: list[str] = []

    class Lines(io.StringIO):
        def write(self, text: str, /) -> int:
            writes.append(text)
            return len(text)

    logs.configure(level=logging.INFO, format="text", file=None, stream=Lines())
    log.info("one")
    assert len(writes) == 1 and writes[0].endswith("INFO one\n")


def test_quiet_keeps_lines_off_the_stream_but_not_out_of_the_file(tmp_path: Path) -> None:
    file, stream = tmp_path / "run.log", io.StringIO()
    logs.configure(level=logging.INFO, format="text", file=file, stream=stream, stream_level=logging.WARNING)
    log.info("said quietly")
    log.warning("said loudly")
    assert "said quietly" not in stream.getvalue() and "said loudly" in stream.getvalue()
    assert "said quietly" in file.read_text(encoding="utf-8") and "said loudly" in file.read_text(encoding="utf-8")
