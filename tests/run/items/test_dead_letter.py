"""What a dead letter keeps of an error."""

from __future__ import annotations

from lrestore.errors import ValidationError
from lrestore.messages import ItemKey
from lrestore.run.items.dead_letter import dead_letter

KEY = ItemKey("look", "1")


def test_a_long_request_is_cut_with_a_mark() -> None:
    error = ValidationError("refused", operation="update_look", method="PATCH", path="/looks/1", status=422)
    error.request_body = "x" * 100_007
    request = dead_letter(error, KEY, "Sales").request
    assert request is not None and request.operation == "update_look"
    assert request.body == "x" * 100_000 + "… (7 more characters left out)"
    error.request_body = "x" * 100_000
    whole = dead_letter(error, KEY, "Sales").request
    assert whole is not None and whole.body == error.request_body
