"""Folders, with their content."""

from __future__ import annotations

from lrestore.content.shapes.look import FolderBase, Look
from lrestore.json_types import JsonObject


class Folder(FolderBase, total=False):
    """A folder, with its content where Looker shows it."""

    dashboards: list[JsonObject] | None
    looks: list[Look] | None
