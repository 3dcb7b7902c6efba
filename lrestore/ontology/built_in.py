"""Which objects are Looker's own: matched where others refer to them, never created, changed or deleted."""

from __future__ import annotations

from collections.abc import Mapping

from lrestore.ontology.schema import SET, ContentType, Rule


def is_built_in(entry: ContentType, obj: Mapping[str, object]) -> bool:
    """Whether ``obj``, a backed-up or live object of the type, is Looker's own by the type's rules."""
    return _rule(entry, obj) is not None


def why_built_in(entry: ContentType, obj: Mapping[str, object]) -> str:
    """Why an object that :func:`is_built_in` is left alone, in words, with the fields that show what it is."""
    rule = _rule(entry, obj)
    if rule is None:
        raise ValueError(f"{entry.name} {obj.get(entry.id_field)} is not built in")
    return f"{rule.why} ({', '.join(path for path, _ in rule.conditions)})"


def _rule(entry: ContentType, obj: Mapping[str, object]) -> Rule | None:
    return next(
        (rule for rule in entry.built_in if all(_holds(obj, path, value) for path, value in rule.conditions)), None
    )


def _holds(obj: Mapping[str, object], path: str, value: object) -> bool:
    node: object = obj
    for step in path.split("."):
        node = node.get(step) if isinstance(node, Mapping) else None
    return node not in (None, "") if value is SET else node == value
