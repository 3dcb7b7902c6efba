"""Boards, with their sections and items."""

from __future__ import annotations

from lrestore.ontology.schema import ContentType, Part, Reference

SECTION = Part(
    type="board_section",
    path="board_sections",
    model="BoardSection",
    create="create_board_section",
    update="update_board_section",
    delete="delete_board_section",
    parent_field="board_id",
    match=("title", "description"),
)

ITEM = Part(
    type="board_item",
    path="board_sections[].board_items",
    model="BoardItem",
    create="create_board_item",
    update="update_board_item",
    delete="delete_board_item",
    parent_field="board_section_id",
    match=("dashboard_id", "look_id", "lookml_dashboard_id", "custom_url", "custom_title"),
)

BOARD = ContentType(
    name="board",
    vault_number=6,
    model="Board",
    update_schema="Board",
    tier=9,
    get="board",
    create="create_board",
    update="update_board",
    delete="delete_board",
    list_all="all_boards",
    search="search_boards",
    title_field="title",
    required=("id",),
    # Titles are not unique; if several boards have it, the item becomes a dead letter.
    natural_key=("title",),
    namesakes=True,
    created_at=True,
    never_backed_up=("images of items", "access rights: those of existing boards stay as they are"),
    limits=(
        "that `deleted_at: null` takes a board out of the trash is not documented: an error says so where it does not",
        "which board is the primary homepage is shown and cannot be set",
        "images of items can be set and never read: an item made again comes back without its own",
    ),
    references=(
        Reference("user_id", "user", "soft"),
        # Ids of its own sections and items: set when these exist.
        Reference("section_order[]", "board_section", "soft"),
        Reference("board_sections[].board_id", "board", "parent"),
        Reference("board_sections[].item_order[]", "board_item", "soft"),
        Reference("board_sections[].board_items[].board_section_id", "board_section", "parent"),
        Reference("board_sections[].board_items[].dashboard_id", "dashboard", "hard"),
        Reference("board_sections[].board_items[].look_id", "look", "hard"),
        Reference("board_sections[].board_items[].lookml_dashboard_id", "lookml_dashboard", "name"),
        Reference("description", "any", "text"),
        Reference("board_sections[].description", "any", "text"),
        Reference("board_sections[].board_items[].custom_url", "any", "text"),
        Reference("board_sections[].board_items[].custom_description", "any", "text"),
    ),
    parts=(SECTION, ITEM),
)
