"""The report of a run that never began: a script that reads the file must not take yesterday's for today's."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lrestore.errors import LrestoreError, StoppedError, UsageError
from lrestore.report.build import Head, ReportBuilder
from lrestore.report.model import Api, Destination, Source
from lrestore.report.write import write_report
from lrestore.run.request import Mode
from lrestore.settings import Settings

log = logging.getLogger(__name__)


@contextmanager
def told(file: Path | None, settings: Settings, mode: Mode) -> Iterator[None]:
    """Write a report of nothing into ``file`` when what is inside ends without one, and let the error through.

    Not where the usage is wrong: then nobody knows what was meant, and an earlier report stays.
    """
    try:
        yield
    except UsageError:
        raise
    except StoppedError as error:
        _write(file, settings, mode, ("stopped", str(error)))
        raise
    except KeyboardInterrupt:
        _write(file, settings, mode, ("interrupted", "interrupted before the run started"))
        raise
    except Exception as error:
        _write(file, settings, mode, ("not-started", str(error)))
        raise


def _write(file: Path | None, settings: Settings, mode: Mode, ended: tuple[str, str]) -> None:
    if file is None:
        return
    status, reason = ended
    source = Source(settings.source.instance, tuple(settings.source.paths))
    destination = Destination(settings.destination.name, settings.destination.base_url)
    builder = ReportBuilder(Head("", mode, source, destination))
    builder.warn(reason)
    try:
        write_report(builder.finish(Api(), status=status), file)
    except LrestoreError as error:
        log.error("%s", error)  # noqa: TRY400 (the error that ended the run is what counts)
