"""The command line: every flag of the interface, its values, and contradictions."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.cli.command_line import parse_command_line
from lrestore.cli.contradictions import complaint
from lrestore.cli.flag_types import duration_s
from lrestore.cli.options import SETTING_OF, Options, flag_settings

FLAGS: dict[str, tuple[list[str], str, object]] = {
    "--config": (["--config", "a.toml"], "config", Path("a.toml")),
    "--select": (["--select", "a", "--select", "b=1,2"], "select", ["a", "b=1,2"]),
    "--select @FILE": (["--select", "@list.csv"], "select", ["@list.csv"]),
    "--exclude": (["--exclude", "user", "--exclude", "look=3"], "exclude", ["user", "look=3"]),
    "--owner": (["--owner", "a@b.c"], "owner", "a@b.c"),
    "--folder": (["--folder", "7"], "folder", "7"),
    "--name": (["--name", "Sales*"], "name", "Sales*"),
    "--updated-since": (["--updated-since", "2024-01-01"], "updated_since", "2024-01-01"),
    "--updated-before": (["--updated-before", "2024-01-01"], "updated_before", "2024-01-01"),
    "--include-deleted": (["--include-deleted"], "include_deleted", True),
    "--dry-run": (["--dry-run"], "dry_run", True),
    "--plan": (["--plan"], "plan", True),
    "--verify": (["--verify"], "verify", "alone"),
    "--verify=both": (["--verify=both"], "verify", "both"),
    "--drift-exit-code": (["--verify", "--drift-exit-code", "9"], "drift_exit_code", 9),
    "--verify=after": (["--verify=after"], "verify", "after"),
    "--resume": (["--resume"], "resume", "last"),
    "--resume SESSION": (["--resume", "abc"], "resume", "abc"),
    "--retry-dead-letters": (["--retry-dead-letters"], "retry_dead_letters", "last"),
    "--retry-dead-letters SESSION": (["--retry-dead-letters", "abc"], "retry_dead_letters", "abc"),
    "--max-calls": (["--max-calls", "5"], "max_calls", 5),
    "--max-runtime": (["--max-runtime", "1h30m"], "max_runtime", 5400.0),
    "--max-failures": (["--max-failures", "5%"], "max_failures", "5%"),
    "--with-dependencies": (["--with-dependencies=content"], "with_dependencies", "content"),
    "--show": (["--show", "session=abc"], "show", "session=abc"),
    "--skip-if-modified": (["--skip-if-modified"], "skip_if_modified", True),
    "--keep-extra": (["--keep-extra"], "keep_extra", True),
    "--allow-alert-loss": (["--allow-alert-loss"], "allow_alert_loss", True),
    "--disable-schedules": (["--disable-schedules"], "disable_schedules", True),
    "--if-missing": (["--if-missing", "fail"], "if_missing", "fail"),
    "--if-different": (["--if-different", "skip"], "if_different", "skip"),
    "--if-trashed": (["--if-trashed", "skip"], "if_trashed", "skip"),
    "--copy-into": (["--copy-into", "7"], "copy_into", "7"),
    "--title": (["--copy-into", "7", "--title", "{title} old"], "title", "{title} old"),
    "--reason": (["--reason", "INC-7"], "reason", "INC-7"),
    "--identity": (["--identity", "cross-instance"], "identity", "cross-instance"),
    "--discard": (["--discard", "20261128-101500-ab12"], "discard", "20261128-101500-ab12"),
    "--plan-out": (["--plan-out", "p.json"], "plan_out", Path("p.json")),
    "--apply": (["--apply", "p.json"], "apply", Path("p.json")),
    "--undo": (["--undo", "20261128-101500-ab12"], "undo", "20261128-101500-ab12"),
    "--undo-created": (["--undo", "abc", "--undo-created", "keep"], "undo_created", "keep"),
    "--force": (["--undo", "abc", "--force"], "force", True),
    "--workers": (["--workers", "3"], "workers", 3),
    "--in-flight": (["--in-flight", "2"], "in_flight", 2),
    "--max-retries": (["--max-retries", "0"], "max_retries", 0),
    "--rate": (["--rate", "2.5"], "rate", 2.5),
    "--yes": (["--yes"], "yes", True),
    "--report": (["--report", "r.json"], "report", Path("r.json")),
    "--html": (["--html", "r.html"], "html", Path("r.html")),
    "--metrics": (["--metrics", "r.prom"], "metrics", Path("r.prom")),
    "--log-format": (["--log-format", "json"], "log_format", "json"),
    "--log-file": (["--log-file", "l.log"], "log_file", Path("l.log")),
    "-v": (["-v"], "verbose", True),
    "--verbose": (["--verbose"], "verbose", True),
    "-q": (["-q"], "quiet", True),
    "--quiet": (["--quiet"], "quiet", True),
}

NONSENSE = [
    (["--plan", "--dry-run"], "exclude each other"),
    (["--plan", "--verify"], "exclude each other"),
    (["--plan", "--verify=after"], "exclude each other"),
    (["--show", "sessions", "--dry-run"], "exclude each other"),
    (["--resume", "--retry-dead-letters"], "exclude each other"),
    (["--resume", "--verify=both"], "--resume and --verify=both exclude each other"),
    (["--select", "all", "--drift-exit-code", "9"], "--drift-exit-code is for --verify"),
    (["--select", "all", "--verify", "--drift-exit-code", "3"], "choose 1 or a number from 5 to 125"),
    (["--show", "sessions", "--reason", "x"], "--reason applies only to runs"),
    (["--undo", "abc", "--resume"], "exclude each other"),
    (["--discard", "abc", "--resume"], "exclude each other"),
    (["--discard", "abc", "--select", "all"], "--discard takes no --select"),
    (["--discard", ""], "--discard is empty"),
    (["--apply", "p.json", "--plan"], "exclude each other"),
    (["--apply", "p.json", "--resume"], "exclude each other"),
    (["--apply", "p.json", "--undo", "abc"], "exclude each other"),
    (["--apply", "p.json", "--plan-out", "q.json"], "exclude each other"),
    (["--apply", "p.json", "--select", "all"], "--apply takes no --select: it uses the selection of its plan"),
    (["--apply", "p.json", "--keep-extra"], "--apply takes no --keep-extra: it uses the settings of its plan"),
    (["--apply", "p.json", "--disable-schedules"], "--apply takes no --disable-schedules"),
    (["--plan-out", "p.json", "--verify"], "exclude each other"),
    (["--plan-out", "p.json", "--dry-run"], "exclude each other"),
    (["--plan-out", "p.json", "--report", "p.json"], "name the same file"),
    (["--undo", ""], "--undo is empty"),
    (["--undo", "abc", "--keep-extra"], "takes no --keep-extra"),
    (["--undo-created", "keep", "--select", "all"], "--undo-created is for --undo"),
    (["--force", "--select", "all"], "--force is for --undo"),
    (["--copy-into", "7", "--undo", "abc"], "--copy-into takes no --undo"),
    (["--copy-into", "7", "--if-missing", "skip"], "--copy-into takes no --if-missing"),
    (["--copy-into", "7", "--select", "all", "--verify"], "--resume SESSION --verify"),
    (["--copy-into", "Shared/Team"], "takes the id of a folder"),
    (["--copy-into", " "], "--copy-into is empty"),
    (["--title", "x", "--select", "all"], "--title is for the copies of --copy-into"),
    (["--copy-into", "7", "--title", "{name}"], "--title has no placeholder {name}"),
    (["--resume", "--select", "all"], "--resume takes no --select: it uses the selection of its session"),
    (["--retry-dead-letters", "--owner", "1"], "takes no --owner"),
    (["--max-calls", "0"], "whole number of at least 1"),
    (["--show", "sessions", "--select", "all"], "--show sessions takes no --select"),
    (["--show", "source", "--with-dependencies"], "--show source takes no --with-dependencies"),
    (["--show", "everything"], "cannot be shown"),
    (["--show", "sourec"], "did you mean 'source'?"),
    (["--show", "session="], "a value is missing"),
    (["--show", "source=1"], "takes no value"),
    (["--verify", "before"], "invalid choice"),
    (["--format", "csv", "--select", "all"], "--format applies only to --show"),
    (["-q", "-v"], "exclude each other"),
    (["--show", "sessions", "--report", "r.json"], "--report applies only to runs"),
    (["--workers", "0"], "whole number of at least 1"),
    (["--workers", "-1"], "whole number of at least 1"),
    (["--max-retries", "x"], "whole number of at least 0"),
    (["--rate", "nan"], "not a number of calls"),
    (["--rate", "-1"], "not a number of calls"),
    (["--max-failures", "101%"], "more than 100%"),
    (["--max-failures", "few"], "neither a number"),
    (["--max-runtime", "soon"], "not a duration"),
    (["--max-runtime", "0s"], "greater than zero"),
    (["--if-missing", "ignore"], "invalid choice"),
    (["--identity", "same"], "did you mean 'same-instance'?"),
    (
        ["--override", "max_delet"],
        "max_updates, max_deletions; did you mean 'max_deletions'?",
    ),
    (["--if-missing", "skp"], "invalid choice: 'skp' (choose from create, skip, fail); did you mean 'skip'?"),
    (["--sel", "all"], "unrecognized arguments"),
    (["all"], "unrecognized arguments"),
    *(
        ([flag, empty], f"{flag} is empty")
        for flag in ("--owner", "--folder", "--name", "--updated-since", "--updated-before", "--resume")
        for empty in ("", " ")
    ),
    (["--retry-dead-letters="], "--retry-dead-letters is empty"),
    (["--rate", "fast"], "'fast' is not a number of calls per second"),
    (["--rehearse-latency", "-1"], "'-1' is not a number of milliseconds"),
    (["--show", "sessions=last"], "sessions takes no value"),
    (["--show", "session="], "a value is missing after ="),
    (["--show", "history"], "write it like"),
]


@pytest.mark.parametrize(("argv", "name", "value"), FLAGS.values(), ids=FLAGS)
def test_every_flag_of_the_interface_is_parsed(argv: list[str], name: str, value: object) -> None:
    assert getattr(parse_command_line(argv), name) == value
    assert getattr(Options(), name) != value


@pytest.mark.parametrize(("argv", "sentence"), NONSENSE, ids=[" ".join(argv) for argv, _ in NONSENSE])
def test_a_wrong_command_line_is_refused_with_a_message(
    argv: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse_command_line(argv)
    printed = capsys.readouterr()
    assert sentence in printed.err and not printed.out


def test_only_given_flags_override_settings() -> None:
    assert flag_settings(Options()) == {}
    given = parse_command_line(
        ["--workers", "4", "--max-retries", "0", "--rate", "0", "--keep-extra", "--identity", "auto"]
    )
    assert flag_settings(given) == {
        "run.workers": 4,
        "run.max_retries": 0,
        "rate.per_second": 0.0,
        "run.keep_extra": True,
        "run.identity": "auto",
    }


def test_an_overridden_setting_exists() -> None:
    from lrestore.settings import Settings

    assert SETTING_OF
    for setting in SETTING_OF.values():
        section, key = setting.split(".")
        assert hasattr(getattr(Settings(), section), key)


def test_a_plan_is_applied_as_fast_as_is_wished_and_compared_afterwards() -> None:
    given = parse_command_line(
        ["--apply", "p", "--workers", "3", "--rate", "5", "--max-failures", "2", "--yes", "--verify=after"]
    )
    assert (given.apply, given.workers, given.rate, given.max_failures) == (Path("p"), 3, 5.0, "2")
    assert given.yes and given.verify == "after"


def test_resume_and_verify_can_be_combined() -> None:
    assert complaint(Options(select=["all"], verify="after")) == ""


def test_help_is_grouped_and_ends_with_five_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parse_command_line(["--help"])
    shown = capsys.readouterr().out
    for group in ("what to restore:", "modes (default: restore):", "how:", "limits:", "output:"):
        assert f"\n{group}\n" in shown
    examples = shown.split("examples:\n")[1].split("\n\n")[0]
    assert len([line for line in examples.splitlines() if line.startswith("  lrestore ")]) == 5
    for name in FLAGS:
        assert name.split()[0].split("=")[0] in shown


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("2h", 7200), ("1h30m", 5400), ("1d", 86400), ("1.5m", 90), ("2H", 7200)]
)
def test_a_duration_is_parsed(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds


@given(st.integers(0, 99), st.integers(0, 59), st.integers(1, 59))
def test_parts_of_a_duration_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert duration_s(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds


def test_help_fits_eighty_columns(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit, match="0"):
        parse_command_line(["--help"])
    shown = capsys.readouterr().out
    assert [line for line in shown.splitlines() if len(line) > 80] == []
