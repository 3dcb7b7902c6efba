"""Where decoded JSON becomes a typed object, one function for each type.

The functions change nothing and check nothing at run time. What they rely on has been checked before: ``vault.decode``
checks items of the backup, ``looker.http.shape`` the answers of Looker. From here on mypy checks every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    # Only names in annotations: the shapes cost nothing at run time, not even an import.
    from lrestore.content.shapes.access import ModelSet, PermissionSet, Role
    from lrestore.content.shapes.board import Board
    from lrestore.content.shapes.dashboard import Dashboard, DashboardFilter, DashboardLayout
    from lrestore.content.shapes.folder import Folder
    from lrestore.content.shapes.query import MergeQuery, Query
    from lrestore.content.shapes.schedule import ScheduledPlan, ScheduledPlanDestination
    from lrestore.content.shapes.tile import DashboardTile, ResultMaker, ResultMakerFilterables
    from lrestore.content.shapes.user import CredentialsEmail, User


def as_dashboard(found: Mapping[str, object]) -> Dashboard:
    """A dashboard, of the backup or as Looker shows it."""
    return cast("Dashboard", found)


def as_tile(found: Mapping[str, object]) -> DashboardTile:
    """A tile of a dashboard."""
    return cast("DashboardTile", found)


def as_filterables(found: Mapping[str, object]) -> ResultMakerFilterables:
    """The filters of one query of a tile."""
    return cast("ResultMakerFilterables", found)


def as_result_maker(found: Mapping[str, object]) -> ResultMaker:
    """The content of a tile, as it is sent."""
    return cast("ResultMaker", found)


def as_board(found: Mapping[str, object]) -> Board:
    """A board, of the backup or as Looker shows it."""
    return cast("Board", found)


def as_plan(found: Mapping[str, object]) -> ScheduledPlan:
    """A scheduled plan, of the backup, as Looker shows it, or as it is sent."""
    return cast("ScheduledPlan", found)


def as_destination(found: Mapping[str, object]) -> ScheduledPlanDestination:
    """A destination of a scheduled plan, as it is sent."""
    return cast("ScheduledPlanDestination", found)


def as_user(found: Mapping[str, object]) -> User:
    """A user, of the backup, as Looker shows it, or as it is sent."""
    return cast("User", found)


def as_login(found: Mapping[str, object]) -> CredentialsEmail:
    """The e-mail login of a user, of the backup, as Looker shows it, or as it is sent."""
    return cast("CredentialsEmail", found)


def as_role(found: Mapping[str, object]) -> Role:
    """A role, of the backup, as Looker shows it, or as it is sent."""
    return cast("Role", found)


def as_permission_set(found: Mapping[str, object]) -> PermissionSet:
    """A permission set, of the backup, as Looker shows it, or as it is sent."""
    return cast("PermissionSet", found)


def as_model_set(found: Mapping[str, object]) -> ModelSet:
    """A model set, of the backup, as Looker shows it, or as it is sent."""
    return cast("ModelSet", found)


def as_folder(found: Mapping[str, object]) -> Folder:
    """A folder, of the backup, as Looker shows it, or as it is sent."""
    return cast("Folder", found)


def as_query(found: Mapping[str, object]) -> Query:
    """A query, of the backup, as Looker shows it, or as it is sent."""
    return cast("Query", found)


def as_merge_query(found: Mapping[str, object]) -> MergeQuery:
    """A merged query, of the backup, as Looker shows it, or as it is sent."""
    return cast("MergeQuery", found)


def as_filter(found: Mapping[str, object]) -> DashboardFilter:
    """A filter of a dashboard."""
    return cast("DashboardFilter", found)


def as_layout(found: Mapping[str, object]) -> DashboardLayout:
    """A layout of a dashboard."""
    return cast("DashboardLayout", found)
