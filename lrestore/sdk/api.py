"""The parts of the Looker SDK that lrestore uses. Importing this module imports the SDK.

The login and the seam for the transport come from the SDK's ``rtl``, the classes of the API's objects from ``models``.
See :mod:`lrestore.sdk.on_demand` for the time that the import takes.
"""

from __future__ import annotations

from lrestore.sdk.on_demand import classes_on_demand

with classes_on_demand():
    from looker_sdk import version
    from looker_sdk.rtl import transport
    from looker_sdk.rtl.api_settings import SettingsConfig
    from looker_sdk.rtl.auth_session import AuthSession
    from looker_sdk.rtl.auth_token import AccessToken, AuthToken
    from looker_sdk.sdk.api40 import models

__all__ = ["AccessToken", "AuthSession", "AuthToken", "SettingsConfig", "models", "transport", "version"]
