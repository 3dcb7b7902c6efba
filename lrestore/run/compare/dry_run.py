"""``--dry-run``: reports what would be attempted, from the backup alone, without a call."""

from __future__ import annotations

from itertools import takewhile

from lrestore.errors import ItemError
from lrestore.messages import ItemKey, ItemResult
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import is_built_in, why_built_in
from lrestore.report.model import Api, Report
from lrestore.restoration.beside import Beside
from lrestore.run.compare.results import announced
from lrestore.run.items.dead_letter import failed
from lrestore.run.job import Job
from lrestore.run.prepare.copies import with_titles
from lrestore.run.report_head import report_of
from lrestore.settings.model import RunSettings
from lrestore.vault.items import VaultItem
from lrestore.vault.reader import Vault


def dry_run(job: Job) -> Report:
    """Report what would be attempted."""
    beside = job.request.beside
    if beside is not None:
        beside = with_titles(job, beside, {})
    builder = report_of(job)
    record = announced(builder, job)
    for key in takewhile(lambda _: not job.surroundings.stop(), job.keys):
        record(_preview(job.vault, key, job.settings.run, beside), None)
    return builder.finish(Api())


def _preview(vault: Vault, key: ItemKey, run: RunSettings, beside: Beside | None) -> ItemResult:
    """Read, decode and validate one item. ``run``: the settings that say what would be done with it; ``beside``: the
    copies that are to be made.
    """
    try:
        item = vault.read(key, max_item_bytes=run.max_item_bytes)
    except ItemError as error:
        return failed(error, key, vault.name_of(key))
    entry = CONTENT_TYPES[key.type]
    if is_built_in(entry, item.raw):
        return ItemResult(key, item.name, "skipped", reason=why_built_in(entry, item.raw))
    would = _would(run) if beside is None else _would_copy(beside, item)
    return ItemResult(key, item.name, "skipped", reason=f"dry run: {would}")


def _would_copy(beside: Beside, item: VaultItem) -> str:
    title = beside.copy_of(item).name
    return f"would be copied into folder {beside.folder} as {title!r}, if that title is free there"


def _would(run: RunSettings) -> str:
    """The action of a restore on an item, as far as the settings tell."""
    if run.if_different == "update":
        kept = {"skip": ", unless it is in the trash"}.get(run.if_trashed, "")
        return f"would be compared with Looker and restored{kept}"
    lost = [
        *(["missing"] if run.if_missing == "create" else []),
        *(["in the trash"] if run.if_trashed == "restore" else []),
    ]
    return f"would be restored only if it is {' or '.join(lost)}" if lost else "would be left as it is"
