"""Finds maps in msgpack bytes that hold a key twice.

msgspec keeps the last value, other readers keep the first: the restored content would depend on the reader.
"""

from __future__ import annotations

from typing import Final

import msgspec

encode: Final = msgspec.msgpack.Encoder().encode
"""Gives the same bytes for everything that LookerVault writes."""

# Bytes after the header, by opcode: of fixed-size scalars, then of what has its length in 1, 2 or 4 bytes.
_FIXED: Final = {
    **dict.fromkeys((0xC0, 0xC2, 0xC3), 0),
    0xCA: 4,
    0xCB: 8,
    0xCC: 1,
    0xCD: 2,
    0xCE: 4,
    0xCF: 8,
    0xD0: 1,
    0xD1: 2,
    0xD2: 4,
    0xD3: 8,
    0xD4: 2,
    0xD5: 3,
    0xD6: 5,
    0xD7: 9,
    0xD8: 17,
}
_SIZED: Final = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
_EXTENSIONS: Final = (0xC7, 0xC8, 0xC9)
_CONTAINERS: Final = {0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}
_MAPS: Final = (0xDE, 0xDF)


def duplicate_key(blob: bytes, decoded: object) -> str | None:
    """The first key that a map of ``blob`` holds twice, or None. ``decoded`` is what msgspec made of ``blob``.

    Encoding again gives the same bytes for everything that LookerVault writes, and that is quick; only what differs
    (other encoders, or a lost key) is walked.
    """
    return None if encode(decoded) == blob else _walk(blob)


def _walk(blob: bytes) -> str | None:
    """``blob`` is known to decode. Iterative: depth costs no stack."""
    open_maps: list[_OpenContainer] = []
    position = 0
    while position < len(blob):
        start = position
        position, children, is_map = _element(blob, position)
        parent = open_maps[-1] if open_maps else None
        if parent is not None and parent.takes(blob[start:position]):
            return blob[start:position].decode("utf-8", "replace")[1:]
        if children:
            open_maps.append(_OpenContainer(children, is_map=is_map))
        while open_maps and not open_maps[-1].left:
            open_maps.pop()
    return None


class _OpenContainer:
    __slots__ = ("keys", "left")

    def __init__(self, children: int, *, is_map: bool) -> None:
        self.left = children
        self.keys: set[bytes] | None = set() if is_map else None

    def takes(self, element: bytes) -> bool:
        """Count one child in; True if it is a key that was there before."""
        is_key = self.keys is not None and self.left % 2 == 0
        self.left -= 1
        if not is_key or self.keys is None:
            return False
        seen = element in self.keys
        self.keys.add(element)
        return seen


def _element(blob: bytes, position: int) -> tuple[int, int, bool]:
    """Where the element at ``position`` ends (a container: its header), its children (keys and values), is it a map."""
    opcode = blob[position]
    position += 1
    if opcode < 0x80 or opcode >= 0xE0:
        return position, 0, False
    if opcode < 0xA0:
        is_map = opcode < 0x90
        return position, (opcode & 0x0F) * (2 if is_map else 1), is_map
    if opcode < 0xC0:
        return position + (opcode & 0x1F), 0, False
    if opcode in _FIXED:
        return position + _FIXED[opcode], 0, False
    width = _SIZED.get(opcode) or _CONTAINERS[opcode]
    size = int.from_bytes(blob[position : position + width], "big")
    position += width
    if opcode in _SIZED:
        return position + size + (opcode in _EXTENSIONS), 0, False
    return position, size * (2 if opcode in _MAPS else 1), opcode in _MAPS
