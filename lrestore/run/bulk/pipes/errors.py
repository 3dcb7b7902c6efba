"""What can go wrong between processes."""

from __future__ import annotations

from lrestore.errors import LrestoreError


class PlumbingError(LrestoreError):
    """Base: two processes of one run cannot talk to each other."""


class PeerGoneError(PlumbingError):
    """The process at the other end has ended, or closed its end."""


class MessageTooLargeError(PlumbingError):
    """The message does not fit into one atomic write: what is big goes into the sender's own file, its key is sent."""


class TornMessageError(PlumbingError):
    """Bytes that are not a message: a mistake of lrestore itself, or a foreign writer."""
