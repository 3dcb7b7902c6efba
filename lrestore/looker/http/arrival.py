"""The time at which the kernel received the data that a process reads only later.

A process that is short of processor time reads answers late. The kernel knows since when they were there (Linux,
``tcp(7)``, TCP_INFO, field ``tcpi_last_data_recv``), so that the process does not take its own delay for the server's.
"""

from __future__ import annotations

import socket
import struct

_LAST_DATA_RECEIVED = struct.Struct("=52xI")
"""Eight single bytes and eleven other numbers come before it in ``struct tcp_info``; milliseconds."""


def since_arrival_s(sock: socket.socket) -> float:
    """Seconds since the last data arrived on a connection, to some milliseconds; 0.0 where the system does not say."""
    option = getattr(socket, "TCP_INFO", None)
    if option is None:
        return 0.0
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, option, _LAST_DATA_RECEIVED.size)
    except OSError:
        # Not a TCP connection, or one that the peer has reset by now: the answer itself will tell.
        return 0.0
    return float(_LAST_DATA_RECEIVED.unpack(info)[0]) / 1000 if len(info) == _LAST_DATA_RECEIVED.size else 0.0
