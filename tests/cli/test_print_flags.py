"""``--print-config``, ``--print-completion``, and answers to mistyped flags."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lrestore.cli.command_line import _Parser, parse_command_line
from tests.cli.command import ROOT, lrestore


def printed(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as end:
        parse_command_line(argv)
    assert end.value.code in (0, None)
    return capsys.readouterr().out


def refusal(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as end:
        parse_command_line(argv)
    assert end.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("name", ["demo", "prod"])
def test_settings_files_are_those_of_the_repository(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(["--print-config", name], capsys) == (ROOT / "conf" / f"{name}.toml").read_text(encoding="utf-8")


def flags() -> set[str]:
    return {name for action in _Parser()._actions for name in action.option_strings if name.startswith("--")}


@pytest.mark.parametrize(("shell", "form"), [("bash", "{}"), ("zsh", "{}"), ("fish", "-l {}")])
def test_completion_knows_every_flag(shell: str, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    script = printed(["--print-completion", shell], capsys)
    wanted = {form.format(name.removeprefix("--") if shell == "fish" else name) for name in flags()}
    assert {name for name in wanted if name not in script} == set()


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        (["--pla"], {"--plan", "--plan-out"}),
        (["--if-different", ""], {"update", "skip"}),
        (["--select", "da"], {"dashboard"}),
        (["--show", "ma"], {"mappings"}),
        (["--override", "max_b"], {"max_backup_age"}),
        (["--report", "demo.to"], {"demo.toml"}),
    ],
)
def test_bash_completes(words: list[str], answers: set[str], tmp_path: Path) -> None:
    """The script in a real bash, called as readline calls it."""
    script = lrestore("--print-completion", "bash", cwd=tmp_path).stdout
    (tmp_path / "demo.toml").touch()
    line = ["lrestore", *words]
    call = (
        f"COMP_WORDS=({' '.join(repr(word) for word in line)}); COMP_CWORD={len(line) - 1}; "
        f'_shtab_lrestore; printf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    done = subprocess.run(["bash", "-c", f"{script}\n{call}"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert {word.strip() for word in done.stdout.splitlines()} == answers


def test_a_full_disk_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "lrestore", "--print-config", "demo"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 3 and "cannot write the results" in done.stderr


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (["--selct", "look"], "did you mean '--select'?"),
        (["--if-diferent=skip"], "did you mean '--if-different'?"),
        (["dashboard=42"], "--select dashboard=42"),
        (["--select", "look", "--zzz"], "unrecognized arguments: --zzz\n"),
    ],
)
def test_a_mistyped_flag_is_answered_with_the_nearest(
    argv: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hint in refusal(argv, capsys)


def test_a_shell_without_completion_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "choose from" in refusal(["--print-completion", "tcsh"], capsys)


def test_help_has_groups_and_five_examples() -> None:
    text = _Parser().format_help()
    examples = text.partition("examples:")[2].partition("exit codes:")[0]
    assert sum(line.startswith("  lrestore ") for line in examples.splitlines()) == 5
    heads = ["what to restore:", "modes (default: restore):", "how:", "limits:", "output:"]
    assert [head for head in heads if f"\n{head}\n" not in text] == []
