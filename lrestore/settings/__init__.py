"""All settings, typed, and where each may come from: flag, environment, file, default, in that order.

``LRESTORE_<SECTION>_<KEY>`` sets a key; for the destination ``LOOKERSDK_BASE_URL``, ``_VERIFY_SSL`` and ``_TIMEOUT``
count too, after those. An environment variable that is empty counts as not set. Relative paths start at the working
directory, wherever the settings file lies. Secrets are no settings: see :mod:`lrestore.credentials`.
"""

from __future__ import annotations

from lrestore.settings.load import load_settings
from lrestore.settings.model import (
    SIMULATOR,
    DestinationSettings,
    RateSettings,
    RunSettings,
    Settings,
    SourceSettings,
    StateSettings,
    require_destination,
    require_source,
)

__all__ = [
    "SIMULATOR",
    "DestinationSettings",
    "RateSettings",
    "RunSettings",
    "Settings",
    "SourceSettings",
    "StateSettings",
    "load_settings",
    "require_destination",
    "require_source",
]
