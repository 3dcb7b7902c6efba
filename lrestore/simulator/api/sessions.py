"""Login, logout, versions."""

from __future__ import annotations

from lrestore.simulator.api.crud import handles
from lrestore.simulator.core.refusal import forbidden
from lrestore.simulator.core.simulation import NO_CONTENT, OperationCall
from lrestore.simulator.core.store import Record
from lrestore.simulator.core.tokens import Token

OPEN = frozenset({"login", "versions", "api_spec"})
"""Operations that need no token."""

ADMIN_TYPES = ("user", "group", "role", "permission_set", "model_set", "lookml_model", "user_attribute")
"""Types that only an admin may write."""


def is_for_admins(operation_id: str, method: str) -> bool:
    """Whether the operation writes a type that only admins may write."""
    if method == "GET" or operation_id in OPEN or operation_id == "logout":
        return False
    return any(f"_{kind}" in f"_{operation_id}" for kind in ADMIN_TYPES)


def _access_token(token: Token, lifetime_s: float) -> Record:
    return {"access_token": token.text, "token_type": "Bearer", "expires_in": int(lifetime_s), "refresh_token": None}


@handles("login")
def _login(call: OperationCall) -> object:
    simulation = call.simulation
    given = {**call.query, **(call.body or {})}
    lifetime_s = simulation.config.token_lifetime_s
    token = simulation.tokens.login(
        given.get("client_id", ""),
        given.get("client_secret", ""),
        user_id=simulation.caller_id(),
        expires_at_s=simulation.now_s() + lifetime_s,
    )
    return _access_token(token, lifetime_s)


@handles("login_user")
def _login_user(call: OperationCall) -> object:
    if not call.simulation.is_admin(call.user_id):
        raise forbidden()
    user = call.need("user", call.path["user_id"])
    lifetime_s = call.simulation.config.token_lifetime_s
    return _access_token(call.simulation.tokens.issue(user["id"], call.simulation.now_s() + lifetime_s), lifetime_s)


@handles("logout")
def _logout(call: OperationCall) -> object:
    if call.token is not None:
        call.simulation.tokens.revoke(call.token.text)
    return NO_CONTENT


@handles("versions")
def _versions(call: OperationCall) -> object:
    base = call.simulation.public_url
    number = ".".join(call.simulation.release.split(".")[:2])
    current = {"version": "4.0", "full_version": f"4.0.{number}", "status": "current"}
    current["swagger_url"] = f"{base}/api/4.0/swagger.json"
    return {
        "looker_release_version": call.simulation.release,
        "current_version": current,
        "supported_versions": [current],
        "api_server_url": base,
        "web_server_url": base,
    }


@handles("session")
def _session(call: OperationCall) -> object:
    return {"can": {}, "workspace_id": "production", "sandbox_type": None}
