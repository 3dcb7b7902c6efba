"""Checks that backup, destination, selection and settings are those of the plan."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import msgspec

from lrestore.errors import UsageError, VaultError, WrongInstanceError
from lrestore.run.request import RunRequest
from lrestore.run.saved_plan.model import SavedPlan
from lrestore.settings import SIMULATOR, Settings
from lrestore.vault.reader import Vault

log = logging.getLogger(__name__)

_HINT = "make a new plan with --plan-out"


def check_destination(plan: SavedPlan, settings: Settings) -> None:
    """Raises WrongInstanceError, before any call, if the settings name another destination than the plan."""
    planned, named = plan.destination, settings.destination
    # The embedded simulator listens at another address each time.
    moved = named.base_url != planned.base_url and SIMULATOR not in (named.base_url, named.name)
    if named.name != planned.name or moved:
        raise WrongInstanceError(
            f"the plan was made for {planned.name!r} at {planned.base_url}, the settings name {named.name!r} at "
            f"{named.base_url}: nothing was written",
            hint=f"check [destination], or {_HINT}",
        )


def changed_facts(plan: SavedPlan, looker_version: str, user_id: str, user: str) -> Iterator[str]:
    """Facts that have changed since the plan was made, and on which it may depend what can be written."""
    then = plan.destination
    if then.looker_version != looker_version:
        yield f"the plan was made for Looker {then.looker_version or '?'}, the destination is {looker_version or '?'}"
    if then.user_id != user_id:
        yield f"the plan was made as user {then.user_id} ({then.user}), this run is user {user_id} ({user})"


def settings_of_plan(plan: SavedPlan, settings: Settings) -> Settings:
    """The settings of this start, with the plan's settings for everything that affects the writes.

    Raises UsageError if this version does not know a setting of the plan.
    """
    run = {**msgspec.to_builtins(settings.run), **plan.settings}
    paths = settings.source.paths or list(plan.source.paths)
    source = msgspec.structs.replace(settings.source, path=paths, instance=plan.source.instance)
    try:
        return msgspec.structs.replace(settings, source=source, run=msgspec.convert(run, type(settings.run)))
    except msgspec.ValidationError as error:
        raise UsageError(f"a setting of the plan cannot be understood: {error}", hint=_HINT) from error


def request_of_plan(plan: SavedPlan) -> RunRequest:
    """The request of the plan. Raises UsageError if this version does not understand it."""
    try:
        return msgspec.convert(plan.request, RunRequest)
    except msgspec.ValidationError as error:
        raise UsageError(f"the request of the plan cannot be understood: {error}", hint=_HINT) from error


def check_backup(plan: SavedPlan, vault: Vault) -> None:
    """Raises VaultError if this is not the backup that the plan was made from."""
    if vault.fingerprint() != plan.source.fingerprint:
        raise VaultError(
            f"the plan was made of another backup: {', '.join(map(str, vault.paths))} is not, or is no longer, the one "
            "that it saw; nothing was written",
            hint=f"name the plan's backup in [source] path, or {_HINT}",
        )
