"""Items of boards: their targets in ids of the destination, and their fields."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypedDict

from lrestore.content.payload import Releases, wanted_part
from lrestore.errors import DependencyError
from lrestore.messages import ItemKey
from lrestore.restoration.boards import bodies
from lrestore.restoration.context import Context
from lrestore.restoration.identify.absence import lookml_missing, why_missing
from lrestore.restoration.identify.resolve import presumed, resolve
from lrestore.restoration.writes import Unmet

if TYPE_CHECKING:
    from lrestore.content.shapes.board import BoardItem

_SHOWN: tuple[tuple[Literal["dashboard_id", "look_id"], str], ...] = (
    ("dashboard_id", "dashboard"),
    ("look_id", "look"),
)
"""References of an item to content, and the type of the content."""

_HANDLED = ("board_section_id", "dashboard_id", "look_id", "lookml_dashboard_id")


@dataclass(slots=True)
class Pin:
    """One item of the backup or of the live board. ``section`` is the live id of its section, "" if that does not exist
    yet; ``path`` its path in the backed-up board.
    """

    id: str
    part: BoardItem
    section: str
    path: str = ""

    @property
    def name(self) -> str:
        return item_name(self.part)

    def as_part(self) -> PinPart:
        """The pin with its id."""
        return {"id": self.id, "pin": self}


class PinPart(TypedDict):
    """A pin with its id, as :func:`lrestore.restoration.identify.parts.match_parts` needs it."""

    id: str
    pin: Pin


@dataclass(slots=True)
class Targets:
    """Translates the targets of the items of one board. Results are cached: matching and planning need the same.

    ``unmet`` collects the items whose target is not available.
    """

    context: Context
    key: ItemKey
    unmet: list[Unmet] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _found: dict[str, str | DependencyError] = field(default_factory=dict)

    def expected(self, pin: Pin, live: BoardItem | None) -> bodies.TargetIds | None:
        """The ids of the item. If the live item has the same target already, no call is made.

        None for an item whose target is not available: it is left out, and added to ``unmet``.
        """
        found: bodies.TargetIds = {}
        for name, target in _SHOWN:
            source_id = pin.part.get(name)
            if source_id in (None, ""):
                found[name] = None
            elif live is not None and presumed(self.context, target, str(source_id)) == str(live.get(name)):
                found[name] = str(live[name])
            else:
                answer = self._resolved(target, str(source_id), f"{pin.path}.{name}")
                if isinstance(answer, DependencyError):
                    why = why_missing(self.context.destination.live, self.context.backup, target, str(source_id))
                    self._without(pin, why, f"{pin.path}.{name}", answer)
                    return None
                found[name] = answer
        return self._lookml(pin, live, found)

    def source(self, pin: Pin) -> Hashable:
        """The target of a backed-up item in the destination's ids; None if it is missing or the item has none."""
        for name, target in _SHOWN:
            if pin.part.get(name) not in (None, ""):
                source_id = str(pin.part[name])
                found = self._resolved(target, source_id, f"{pin.path}.{name}")
                return None if isinstance(found, DependencyError) else (name, found)
        return _other_source(pin.part)

    def _resolved(self, target: str, source_id: str, path: str) -> str | DependencyError:
        question = f"{target}={source_id}"
        if question not in self._found:
            try:
                self._found[question] = resolve(self.context, target, source_id, path=path, key=self.key)
            except DependencyError as error:
                self._found[question] = error
        return self._found[question]

    def _lookml(self, pin: Pin, live: BoardItem | None, found: bodies.TargetIds) -> bodies.TargetIds | None:
        name = pin.part.get("lookml_dashboard_id")
        found["lookml_dashboard_id"] = name or None
        if name and str((live or {}).get("lookml_dashboard_id")) != str(name):
            path = f"{pin.path}.lookml_dashboard_id"
            error = lookml_missing(self.context.destination.live, str(name), path, self.key, self.warnings)
            if error:
                self._without(pin, f"lookml_dashboard={name} is not in the destination", path, error)
                return None
        return found

    def _without(self, pin: Pin, why: str, path: str, error: DependencyError) -> None:
        self.unmet.append(Unmet(f"its item {pin.name!r}", why, path, error.hint or ""))


def kind_shown(part: BoardItem) -> str:
    """The field with the target of an item; "" for an item with a link, or without target."""
    names: Final = ("dashboard_id", "look_id", "lookml_dashboard_id")
    return next((name for name in names if part.get(name) not in (None, "")), "")


def live_source(pin: Pin) -> Hashable:
    """The target of a live item."""
    for name, _ in _SHOWN:
        if pin.part.get(name) not in (None, ""):
            return (name, str(pin.part[name]))
    return _other_source(pin.part)


def _other_source(part: BoardItem) -> Hashable:
    for name in ("lookml_dashboard_id", "custom_url", "custom_title"):
        if part.get(name):
            return (name, str(part[name]))
    return None


def shows_nothing(part: BoardItem) -> bool:
    """Whether an item has neither content nor link: Looker would refuse it."""
    return not any(part.get(name) for name in ("dashboard_id", "look_id", "lookml_dashboard_id", "custom_url"))


def wanted_item(part: BoardItem, live: BoardItem | None, known: Releases) -> bodies.ItemBody:
    """The fields of an item except ids. Backups do not hold an own image, so the live one stays."""
    wanted = bodies.item_body(wanted_part(part, "BoardItem", known, ignored=_HANDLED))
    if wanted.get("use_custom_image") and not (live or {}).get("custom_image_url"):
        del wanted["use_custom_image"]
    return wanted


def lost_image(part: BoardItem, live: BoardItem | None) -> bool:
    """Whether the item was backed up with an image of its own that the live one does not have."""
    return bool(part.get("use_custom_image")) and not (live or {}).get("custom_image_url")


def item_name(part: BoardItem) -> str:
    """A readable name of an item."""
    shown = part.get("custom_title") if part.get("use_custom_title") else part.get("title")
    return str(shown or part.get("title") or part.get("custom_title") or part.get("custom_url") or "item")
