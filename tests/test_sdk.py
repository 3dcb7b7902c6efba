"""The SDK's classes are completed when they are needed, and are then what an ordinary import makes of them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import attr
import pytest
from looker_sdk.sdk.api40 import models

from tests.cli.command import environment
from tests.waiting import HANG_S

DESCRIBED = """
def described(models):
    import attr, inspect
    made = ("__repr__", "__eq__", "__ne__", "__lt__", "__hash__", "__match_args__", "__attrs_own_setattr__")
    return {
        name: [[(field.name, str(field.type), repr(field.default), field.init) for field in attr.fields(model)],
               [name for name in made if name in vars(model)]]
        for name, model in sorted(vars(models).items()) if inspect.isclass(model) and attr.has(model)
    }
"""

ORDINARY = """
import json, sys
from looker_sdk.sdk.api40 import models

json.dump(described(models), sys.stdout)
"""

ON_DEMAND = """
import json, sys, threading
import attr
from lrestore.sdk import on_demand
on_demand.allow()
from lrestore.sdk.api import models

def postponed():
    return [one for one in vars(models).values()
            if isinstance(vars(one).get("__attrs_attrs__") if isinstance(one, type) else None, on_demand._Postponed)]

told = {"postponed": len(postponed()), "restored": attr.s is attr.attrs}

import msgspec
class Narrower(models.Folder): pass
told["inherited"] = [field.name for field in attr.fields(Narrower)]
read = msgspec.msgpack.Decoder(models.Dashboard).decode(msgspec.msgpack.encode({"id": "1", "title": "A"}))
told["dashboard"] = [repr(read), read == models.Dashboard(id="1", title="A"), read == models.Dashboard(id="2")]
told["needed"] = told["postponed"] - len(postponed())

barrier, found = threading.Barrier(8), []
def ask():
    barrier.wait()
    found.append(attr.fields(models.User))
threads = [threading.Thread(target=ask) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
told["by_threads"] = [len(found), all(one is found[0] for one in found)]
told["described"] = described(models)
told["left"] = len(postponed())
json.dump(told, sys.stdout)
"""


@pytest.fixture(scope="module")
def told() -> Any:
    """What a process of the command says about its SDK."""
    return output_of(ON_DEMAND)


def output_of(program: str) -> Any:
    """The JSON that a process prints which runs the program."""
    command = [sys.executable, "-c", DESCRIBED + program]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=HANG_S, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_most_classes_are_never_completed(told: Any) -> None:
    assert told["postponed"] > 400
    assert 0 < told["needed"] < 40


def test_attrs_is_as_before_after_the_import(told: Any) -> None:
    assert told["restored"]


def test_a_class_that_is_asked_for_is_the_ordinary_one(told: Any) -> None:
    """As a process of its own imports it: in this one, what ran before may have resolved types of its fields."""
    assert told["described"] == output_of(ORDINARY)
    assert told["left"] == 0


def test_what_was_decoded_compares_and_shows_itself(told: Any) -> None:
    assert told["dashboard"] == [repr(models.Dashboard(id="1", title="A")), True, False]


def test_a_class_below_a_postponed_one_has_its_attributes(told: Any) -> None:
    assert told["inherited"] == [field.name for field in attr.fields(models.Folder)]


def test_threads_that_ask_at_the_same_time_get_the_same(told: Any) -> None:
    assert told["by_threads"] == [8, True]
