"""The schemas that the shapes describe."""

from __future__ import annotations

from collections.abc import Mapping

from lrestore.content.shapes.access import Group, ModelSet, PermissionSet, Role
from lrestore.content.shapes.board import Board, BoardItem, BoardSection
from lrestore.content.shapes.dashboard import Dashboard, DashboardFilter, DashboardLayout, DashboardLayoutComponent
from lrestore.content.shapes.folder import Folder
from lrestore.content.shapes.look import FolderBase, Look
from lrestore.content.shapes.query import MergeField, MergeQuery, MergeQuerySourceQuery, Query
from lrestore.content.shapes.schedule import ScheduledPlan, ScheduledPlanDestination
from lrestore.content.shapes.tile import (
    DashboardTile,
    ResultMaker,
    ResultMakerFilterables,
    ResultMakerFilterablesListen,
)
from lrestore.content.shapes.user import CredentialsEmail, User

SCHEMAS: Mapping[type, str] = {
    Query: "Query",
    MergeField: "MergeFields",
    MergeQuerySourceQuery: "MergeQuerySourceQuery",
    MergeQuery: "MergeQuery",
    DashboardFilter: "DashboardFilter",
    ResultMakerFilterablesListen: "ResultMakerFilterablesListen",
    ResultMakerFilterables: "ResultMakerFilterables",
    ResultMaker: "ResultMakerWithIdVisConfigAndDynamicFields",
    Look: "LookWithQuery",
    DashboardTile: "DashboardElement",
    DashboardLayoutComponent: "DashboardLayoutComponent",
    DashboardLayout: "DashboardLayout",
    FolderBase: "FolderBase",
    Folder: "Folder",
    Dashboard: "Dashboard",
    BoardItem: "BoardItem",
    BoardSection: "BoardSection",
    Board: "Board",
    ScheduledPlanDestination: "ScheduledPlanDestination",
    ScheduledPlan: "ScheduledPlan",
    CredentialsEmail: "CredentialsEmail",
    User: "User",
    Group: "Group",
    PermissionSet: "PermissionSet",
    ModelSet: "ModelSet",
    Role: "Role",
}
"""Each class and the schema of the specification that it describes."""
