"""A session that only reads sends no call that may write, whatever asks for it."""

from __future__ import annotations

import contextlib
import re
from typing import Literal, cast

import pytest
from looker_sdk.rtl import serialize
from looker_sdk.rtl.auth_session import AuthSession
from looker_sdk.sdk.api40 import models
from looker_sdk.sdk.api40.methods import Looker40SDK

from lrestore.credentials import Credentials
from lrestore.errors import LookerError, ReadOnlyError
from lrestore.looker.auth import _Settings
from lrestore.looker.http.sdk_transport import SdkTransport
from lrestore.looker.session import LookerSession
from lrestore.ontology.schema import Operation
from lrestore.simulator.core import schema
from lrestore.simulator.core.store import World
from lrestore.simulator.http.server import start
from lrestore.simulator.world.world import empty_world

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
_PARAMETER = re.compile(r"\{(\w+)\}")
_SESSION = {("login", "POST"), ("logout", "DELETE")}


@pytest.fixture(scope="module")
def world() -> World:
    return empty_world()


def test_every_operation_of_the_specification_is_tried_and_only_reads_and_the_login_arrive(world: World) -> None:
    known = {
        row.id: Operation(row.id, cast("Method", row.method), row.path, "none", True, False)
        for row in schema.operations().values()
    }
    assert len(known) > 450 and {"login_user", "create_query", "run_inline_query", "logout"} <= known.keys()
    refused = set()
    with start(world) as simulator:
        key = Credentials(simulator.client_id, simulator.client_secret)
        with LookerSession(simulator.base_url, key, max_retries=0, operations=known, read_only=True) as session:
            for operation in known.values():
                path = dict.fromkeys(_PARAMETER.findall(operation.path), "1")
                try:
                    with contextlib.suppress(LookerError):
                        session.call(operation.id, path=path, body=None if operation.method == "GET" else {})
                except ReadOnlyError:
                    refused.add(operation.id)
        seen = {(call.operation, call.method) for call in simulator.log.calls}
    assert refused == {one.id for one in known.values() if one.method != "GET" and (one.id, one.method) not in _SESSION}
    assert {method for operation, method in seen - _SESSION} == {"GET"} and len(seen) > 150


def test_the_sdk_over_the_same_transport_writes_nothing_either(world: World) -> None:
    with start(world) as simulator:
        key = Credentials(simulator.client_id, simulator.client_secret)
        with LookerSession(simulator.base_url, key, max_retries=0, read_only=True) as session:
            transport = SdkTransport(session._transport)
            auth = AuthSession(_Settings(session._transport, key), transport, serialize.deserialize40, "4.0")
            sdk = Looker40SDK(auth, serialize.deserialize40, serialize.serialize40, transport, "4.0")
            assert sdk.me().id
            for write in (
                lambda: sdk.update_folder("1", models.UpdateFolder(name="x")),
                lambda: sdk.delete_look("1"),
                lambda: sdk.delete_dashboard("1"),
            ):
                with pytest.raises(ReadOnlyError, match="this run only reads"):
                    write()
        assert {call.method for call in simulator.log.calls if call.operation != "login"} == {"GET"}
