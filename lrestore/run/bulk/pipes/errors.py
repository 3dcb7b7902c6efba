"""Errors of the communication between processes."""

from __future__ import annotations

from lrestore.errors import LrestoreError


class PlumbingError(LrestoreError):
    """Base class: two processes of one run cannot communicate."""


class PeerGoneError(PlumbingError):
    """The process at the other end has ended, or closed its end."""


class MessageTooLargeError(PlumbingError):
    """The message does not fit into one atomic write: store it in the sender's own file and send its key."""


class TornMessageError(PlumbingError):
    """Bytes that are not a message: a defect of lrestore, or a foreign writer."""
