"""Where decoded JSON becomes a typed object, one function for each type.

The functions change nothing and check nothing at run time. What they rely on has been checked before: ``vault.decode``
checks items of the backup, ``looker.http.shape`` the answers of Looker. From here on mypy checks every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    # Only names in annotations: the shapes cost nothing at run time, not even an import.
    from lrestore.content.shapes.access import ModelSet, PermissionSet, Role
    from lrestore.content.shapes.board import Board
    from lrestore.content.shapes.dashboard import Dashboard, DashboardLayoutComponent
    from lrestore.content.shapes.folder import Folder
    from lrestore.content.shapes.look import Look
    from lrestore.content.shapes.schedule import ScheduledPlan, ScheduledPlanDestination
    from lrestore.content.shapes.tile import DashboardTile, ResultMaker, ResultMakerFilterables
    from lrestore.content.shapes.user import CredentialsEmail, User


def as_dashboard(found: Mapping[str, Any]) -> Dashboard:
    """A dashboard, of the backup or as Looker shows it."""
    return cast("Dashboard", found)


def as_component(found: Mapping[str, Any]) -> DashboardLayoutComponent:
    """The place of a tile on a layout."""
    return cast("DashboardLayoutComponent", found)


def as_tile(found: Mapping[str, Any]) -> DashboardTile:
    """A tile of a dashboard."""
    return cast("DashboardTile", found)


def as_filterables(found: Mapping[str, Any]) -> ResultMakerFilterables:
    """The filters of one query of a tile."""
    return cast("ResultMakerFilterables", found)


def as_result_maker(found: Mapping[str, Any]) -> ResultMaker:
    """What a tile shows, as it is sent."""
    return cast("ResultMaker", found)


def as_board(found: Mapping[str, Any]) -> Board:
    """A board, of the backup or as Looker shows it."""
    return cast("Board", found)


def as_plan(found: Mapping[str, Any]) -> ScheduledPlan:
    """A scheduled plan, of the backup, as Looker shows it, or as it is sent."""
    return cast("ScheduledPlan", found)


def as_destination(found: Mapping[str, Any]) -> ScheduledPlanDestination:
    """A destination of a scheduled plan, as it is sent."""
    return cast("ScheduledPlanDestination", found)


def as_user(found: Mapping[str, Any]) -> User:
    """A user, of the backup, as Looker shows it, or as it is sent."""
    return cast("User", found)


def as_login(found: Mapping[str, Any]) -> CredentialsEmail:
    """The e-mail login of a user, of the backup, as Looker shows it, or as it is sent."""
    return cast("CredentialsEmail", found)


def as_role(found: Mapping[str, Any]) -> Role:
    """A role, of the backup, as Looker shows it, or as it is sent."""
    return cast("Role", found)


def as_permission_set(found: Mapping[str, Any]) -> PermissionSet:
    """A permission set, of the backup, as Looker shows it, or as it is sent."""
    return cast("PermissionSet", found)


def as_model_set(found: Mapping[str, Any]) -> ModelSet:
    """A model set, of the backup, as Looker shows it, or as it is sent."""
    return cast("ModelSet", found)


def as_folder(found: Mapping[str, Any]) -> Folder:
    """A folder, of the backup, as Looker shows it, or as it is sent."""
    return cast("Folder", found)


def as_look(found: Mapping[str, Any]) -> Look:
    """A look, of the backup, as Looker shows it, or as it is sent."""
    return cast("Look", found)
