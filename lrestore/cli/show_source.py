"""``--show source``: the items of a backup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from lrestore.cli import demo
from lrestore.cli import formats as tables
from lrestore.cli.invocation import filters_of
from lrestore.cli.options import Options
from lrestore.cli.results import style_of_stdout
from lrestore.filters import Filters
from lrestore.messages import ItemKey
from lrestore.report import text
from lrestore.report.item_lines import Style
from lrestore.run.select.choose import items_to_list
from lrestore.settings import Settings, require_source
from lrestore.text.words import counted, duration, size
from lrestore.vault.backups.source import open_source
from lrestore.vault.reader import Vault
from lrestore.vault.summary import SourceSummary

_SOURCE = ("type", "items", "corrupt", "deleted", "bytes")
_ITEMS = ("spec", "name", "updated_at", "size_bytes", "status")


def source(settings: Settings, options: Options) -> str:
    """The items of the backup, narrowed by the flags of selection, as CSV; or their counts. Items that the backup marks
    as deleted always take part: they are counted apart.

    Raises UsageError for a selection that cannot be understood, VaultError for a backup that cannot be read.
    """
    form = options.format or "table"
    require_source(settings)
    demo.prepare_demo(settings)
    with open_source(settings.source, options.as_of or "") as vault:
        wanted = _wanted(vault, options)
        if form == "csv":
            return tables.comma_separated(_ITEMS, _items(vault, wanted))
        summary = vault.summary(wanted)
    return tables.as_json(summary) if form == "json" else _summary_table(summary, style_of_stdout(full=False))


def _wanted(vault: Vault, options: Options) -> frozenset[ItemKey] | None:
    """None: everything."""
    filters = msgspec.structs.replace(filters_of(options), include_deleted=True)
    if not options.select and not options.exclude and filters == Filters(include_deleted=True):
        return None
    return items_to_list(vault, options.select or ["all"], options.exclude, filters)


def _items(vault: Vault, wanted: frozenset[ItemKey] | None) -> Iterator[tuple[object, ...]]:
    """One line per object, with deleted and corrupt ones marked: a list to edit and pass to --select."""
    for row in vault.index(include_deleted=True, deep=True):
        if wanted is not None and row.key not in wanted:
            continue
        status = "corrupt" if row.corrupt else "deleted" if row.deleted else "ok"
        yield str(row.key), row.name, row.updated_at, row.size_bytes, status


def _summary_table(summary: SourceSummary, style: Style) -> str:
    rows: list[tuple[object, ...]] = [
        (name, counts.items, counts.corrupt, counts.deleted, counts.bytes) for name, counts in summary.by_type.items()
    ]
    total_bytes = sum(counts.bytes for counts in summary.by_type.values())
    rows.append(("total", summary.items, summary.corrupt, summary.deleted, total_bytes))
    facts = [
        ("files", ", ".join(summary.files)),
        ("chosen", summary.chosen or ""),
        ("schema", ", ".join(map(str, summary.schema_versions))),
        ("backed up", _period(summary)),
        ("size", size(total_bytes)),
    ]
    table = tables.text_table(_SOURCE, rows, style.width)
    return tables.facts(facts) + "\n" + table + text.warnings(summary.warnings, style)


def _period(summary: SourceSummary) -> str:
    if not summary.synced_to:
        return "unknown"
    age = _age(summary.synced_to)
    ends = dict.fromkeys(map(_seconds, (summary.synced_from or summary.synced_to, summary.synced_to)))
    return " to ".join(ends) + (f" ({age} ago)" if age else "")


def _seconds(moment: str) -> str:
    """A time in UTC to the second; as it is where it is none."""
    try:
        then = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    known = then if then.tzinfo else then.replace(tzinfo=UTC)
    return known.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _age(moment: str) -> str:
    """The age of a time, in days from two days on; "" for a future time or none."""
    try:
        then = datetime.fromisoformat(moment)
    except ValueError:
        return ""
    seconds = (datetime.now(UTC) - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds()
    if seconds < 0:
        return ""
    return counted(int(seconds // 86400), "day") if seconds >= 172800 else duration(seconds)
