"""The transport in the form that the Looker SDK uses: its ``AuthSession`` logs in over it.

Failures are raised as typed errors here. The SDK's own error path would drop the status and look documentation up on
the web.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from urllib.parse import urlsplit

from lrestore.errors import DestinationError
from lrestore.looker.http.calls import JSON, Call, query_text
from lrestore.looker.http.endpoint import endpoint_of
from lrestore.looker.http.transport import ConnectionSettings, PooledTransport
from lrestore.looker.limits import Unlimited
from lrestore.looker.meter import CallMeter
from lrestore.sdk.api import transport as sdk
from lrestore.text.redaction import Secrets


class SdkTransport(sdk.Transport):
    """Passes the SDK's calls to a :class:`~lrestore.looker.http.transport.PooledTransport`."""

    def __init__(self, pooled: PooledTransport) -> None:
        self.pooled = pooled
        self._endpoint = pooled.endpoint

    @classmethod
    def configure(cls, settings: sdk.PTransportSettings) -> SdkTransport:
        """The SDK's way of making one: a single connection without a limiter."""
        connection = ConnectionSettings(
            endpoint_of(settings.base_url), settings.verify_ssl, settings.timeout, in_flight=1
        )
        return cls(PooledTransport(connection, Unlimited(), CallMeter(), Secrets()))

    def request(
        self,
        method: sdk.HttpMethod,
        path: str,
        query_params: MutableMapping[str, str] | None = None,
        body: bytes | None = None,
        authenticator: sdk.TAuthenticator = None,
        transport_options: sdk.TransportOptions | None = None,
    ) -> sdk.Response:
        """``path`` is a whole URL; raises :class:`DestinationError` if it leads anywhere but to the destination.

        Failures are raised as :class:`LookerError`, never returned: the response is always ``ok``.
        """
        options = transport_options or {}
        authorization = authenticator(options).get("Authorization", "") if authenticator else ""
        answer = self.pooled.send(self._call(method.name, path, query_params or {}, body, options), authorization)
        content_type = answer.headers.get("content-type", "")
        return sdk.Response(ok=True, value=answer.body, response_mode=sdk.response_mode(content_type))

    def _call(
        self, method: str, url: str, query: Mapping[str, object], body: bytes | None, options: sdk.TransportOptions
    ) -> Call:
        target = self._own_target(url)
        path = target.removeprefix(self._endpoint.api)
        content_type = options.get("headers", {}).get("Content-Type", JSON)
        text = query_text(query)
        return Call(
            operation=path.strip("/").partition("/")[0],
            method=method,
            path=path,
            target=f"{target}?{text}" if text else target,
            body=body,
            content_type=content_type,
        )

    def _own_target(self, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != self._endpoint.scheme or parts.netloc.rpartition("@")[2] not in self._own_authorities():
            raise DestinationError(f"refused to call {parts.hostname}: {self._endpoint.origin} is the destination")
        return parts.path

    def _own_authorities(self) -> tuple[str, str]:
        authority = self._endpoint.origin.partition("//")[2]
        return authority, authority.removesuffix(":443" if self._endpoint.encrypted else ":80")
