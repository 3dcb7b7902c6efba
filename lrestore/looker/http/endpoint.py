"""The address of the destination and the check of its identity: base URL and TLS."""

from __future__ import annotations

import ipaddress
import logging
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lrestore.errors import DestinationError

API_PATH = "/api/4.0"
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""The first two are what users of the Looker SDK know, the third is OpenSSL's."""
log = logging.getLogger("lrestore.looker")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A base URL taken apart; ``prefix`` is the path before ``/api/4.0``, mostly empty."""

    scheme: str
    host: str
    port: int
    prefix: str

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{bracketed(self.host)}:{self.port}"

    @property
    def wire_host(self) -> str:
        """The host as it stands in the head of a request. Raises :class:`DestinationError` for an impossible one."""
        try:
            return bracketed(self.host if self.host.isascii() else self.host.encode("idna").decode("ascii"))
        except UnicodeError as error:
            raise DestinationError(f"[destination] base_url names an impossible host: {error}") from error

    @property
    def api(self) -> str:
        return self.prefix + API_PATH

    @property
    def encrypted(self) -> bool:
        return self.scheme == "https"

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine itself: ``localhost``, a name below it (RFC 6761, 6.3), or an address of
        loopback.
        """
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.rstrip(".").rpartition(".")[2] == "localhost"


def bracketed(host: str) -> str:
    """A host as it stands in a URL: an IPv6 address in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]" if ":" in host else host


def endpoint_of(base_url: str) -> Endpoint:
    """Take ``base_url`` apart; raises :class:`DestinationError` if it names no http or https host."""
    try:
        parts = urlsplit(base_url.strip())
        port = parts.port
    except ValueError as error:
        raise DestinationError(f"[destination] base_url is not a URL: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise DestinationError("[destination] base_url must look like https://looker.example.com:19999")
    port = port or (443 if parts.scheme == "https" else 80)
    return Endpoint(parts.scheme, parts.hostname, port, parts.path.rstrip("/"))


def tls_context(
    endpoint: Endpoint, *, verify_ssl: bool, environ: Mapping[str, str] = os.environ
) -> ssl.SSLContext | None:
    """The TLS settings for ``endpoint``; None for http.

    Trusted are the operating system's certificates and certifi's, or only those of the file or directory that
    REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_FILE names. Raises :class:`DestinationError` if that is unreadable.
    """
    if not endpoint.encrypted:
        return None
    if not verify_ssl:
        log.warning(
            "verify_ssl is off: the identity of %s is not checked, and it receives the credentials", endpoint.origin
        )
        return _unverified_context()
    for variable in _CA_VARIABLES:
        if environ.get(variable):
            return _context_trusting(environ[variable], variable)
    context = ssl.create_default_context()
    _trust_certifi(context)
    return context


def _unverified_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _context_trusting(bundle: str, variable: str) -> ssl.SSLContext:
    try:
        if Path(bundle).is_dir():
            return ssl.create_default_context(capath=bundle)
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise DestinationError(f"{variable} names {bundle}, which holds no readable certificates: {error}") from error


def _trust_certifi(context: ssl.SSLContext) -> None:
    """The Looker SDK, through requests, trusts certifi: a host that works there must work here."""
    try:
        import certifi
    except ImportError:
        return
    context.load_verify_locations(certifi.where())
