"""Folders. Roots and personal folders come with the instance and its users: they are matched, never made."""

from __future__ import annotations

from lrestore.ontology.schema import SET, ContentType, Protection, Reference

FOLDER = ContentType(
    name="folder",
    vault_number=5,
    model="Folder",
    update_schema="UpdateFolder",
    tier=4,
    get="folder",
    create="create_folder",
    update="update_folder",
    delete="delete_folder",
    list_all="all_folders",
    search="search_folders",
    required=("id", "name"),
    create_needs=("name", "parent_id"),
    natural_key=("parent_id", "name"),
    created_at=True,
    built_in=(
        Protection("root folder: Looker makes it and does not let it be changed", (("is_shared_root", True),)),
        Protection(
            "root of the personal folders: Looker makes it and does not let it be changed", (("is_users_root", True),)
        ),
        Protection(
            "root of the embed folders: Looker makes it and does not let it be changed",
            (("is_embed_shared_root", True),),
        ),
        Protection(
            "root of the embed users' folders: Looker makes it and does not let it be changed",
            (("is_embed_users_root", True),),
        ),
        Protection(
            "personal folder: Looker makes it with its user; restore the user instead", (("is_personal", True),)
        ),
        # Made by Looker at an SSO embed login with an external group id (specification, Folder.external_id).
        Protection(
            "embed folder: Looker makes it when an embed user with its external group logs in", (("external_id", SET),)
        ),
        # The folder of LookML dashboards: its id is a word.
        Protection("folder of the LookML dashboards: its content comes from LookML projects", (("id", "lookml"),)),
    ),
    references=(Reference("parent_id", "folder", "parent"),),
    limits=(
        "root folders, the folder of LookML dashboards and embed folders cannot be made",
        "a personal folder comes with its user and goes with it",
        "a deleted folder cannot be taken back: it is made anew, with another id",
    ),
    never_backed_up=(
        "access lists: those of existing folders stay as they are, new folders get theirs by [run] new_folder_access",
    ),
)
