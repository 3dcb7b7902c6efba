"""The report files of a run: checked before it begins and written at its end, each even if another one fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lrestore.cli.options import Options
from lrestore.errors import LrestoreError
from lrestore.report.metrics import metrics
from lrestore.report.model import Report
from lrestore.report.summary import SUMMARY_BEGINS, markdown_summary
from lrestore.report.write import ensure_writable, json_pieces, write_whole
from lrestore.state.read import StateReader


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file. ``content`` makes it of the report; an existing file must begin with ``first``."""

    path: Path
    what: str
    content: Callable[[Report], bytes | Iterable[bytes]]
    first: bytes

    def write(self, report: Report) -> None:
        """Replace the file. Raises LrestoreError."""
        write_whole(self.path, self.content(report), self.what)


def output_files(options: Options, report: Path | None, state: str) -> list[OutputFile]:
    """The files of these flags. ``report``: the path of the JSON report, if one is written; ``state``: of the state
    file, in which dead letters of earlier sessions may be open.
    """

    def open_letters() -> int:
        if not Path(state).is_file():
            return 0
        with StateReader.open(Path(state)) as reader:
            return sum(1 for _ in reader.open_dead_letters())

    files = [OutputFile(report, "report", json_pieces, b"{")] if report else []
    if options.summary:
        files.append(
            OutputFile(options.summary, "summary", lambda report: markdown_summary(report).encode(), SUMMARY_BEGINS)
        )
    if options.html:
        files.append(OutputFile(options.html, "HTML report", _page, b"<!doctype html>"))
    if options.metrics:
        files.append(
            OutputFile(
                options.metrics, "metrics", lambda report: metrics(report, open_letters()).encode(), b"# HELP lrestore"
            )
        )
    return files


def _page(report: Report) -> bytes:
    """The page. The template engine is loaded only where a page is written."""
    from lrestore.report.page.render import page

    return page(report)


def ensure_all_writable(files: Iterable[OutputFile], state: str) -> None:
    """Raise UsageError unless each file can be written; ``state`` is the path of the state file."""
    for file in files:
        ensure_writable(file.path, first=file.first, apart_from=state, what=file.what)


def write_files(report: Report, files: Sequence[OutputFile]) -> tuple[list[OutputFile], list[LrestoreError]]:
    """The files that were written, and the errors of the others, of any kind: the work is done, and telling of it must
    not fail.
    """
    written, troubles = [], []
    for file in files:
        try:
            file.write(report)
            written.append(file)
        except LrestoreError as error:
            troubles.append(error)
        except Exception as error:  # noqa: BLE001 (it is told like the others)
            what = f"internal error while writing the {file.what}: {type(error).__name__}: {error}"
            troubles.append(LrestoreError(what))
    return written, troubles
