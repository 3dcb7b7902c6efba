"""The report of a run that did not start: a script must not read an old report file as the result of this run."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from lrestore.cli.output_files import OutputFile, write_files
from lrestore.errors import StoppedError, UsageError
from lrestore.report.build import ReportBuilder, ReportHead
from lrestore.report.model import Api, ReportedDestination, ReportedSource
from lrestore.run.audit import by
from lrestore.settings import Settings

Audit = tuple[str, str]

log = logging.getLogger(__name__)


@contextmanager
def report_if_not_started(files: Sequence[OutputFile], settings: Settings, mode: str, audit: Audit) -> Iterator[None]:
    """Write an empty report into ``files`` if the body raises, and re-raise the error. ``audit``: the command as it was
    typed, and the user's reason.

    A usage error writes no report: the command line is not understood, so an earlier report stays.
    """
    command, reason = audit
    source = ReportedSource(settings.source.instance, tuple(settings.source.paths))
    destination = ReportedDestination(settings.destination.name, settings.destination.base_url)
    write = partial(_write, files, ReportHead("", mode, source, destination, by=by("", command), reason=reason))
    try:
        yield
    except UsageError:
        raise
    except StoppedError as error:
        write("stopped", str(error))
        raise
    except KeyboardInterrupt:
        write("interrupted", "interrupted before the run started")
        raise
    except Exception as error:
        write("not-started", str(error))
        raise


def _write(files: Sequence[OutputFile], head: ReportHead, status: str, why: str) -> None:
    builder = ReportBuilder(head)
    builder.warn(why)
    # The error that ended the run is what counts.
    for error in write_files(builder.finish(Api(), status=status), files)[1]:
        log.error("%s", error)
