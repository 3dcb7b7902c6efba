"""The content of generated worlds: queries, looks, and dashboards with tiles of every kind, filters and tabs."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from lrestore.json_types import JsonObject
from lrestore.simulator.api.access import add_metadata
from lrestore.simulator.api.dashboards import CAN as DASHBOARD_CAN
from lrestore.simulator.api.layouts import add_component, add_default_layout
from lrestore.simulator.api.looks import LOOK_CAN, describe_query, full_sources
from lrestore.simulator.api.tiles import CAN as TILE_CAN
from lrestore.simulator.api.tiles import describe_field, show_maker
from lrestore.simulator.core import schema
from lrestore.simulator.core.makers import new_maker
from lrestore.simulator.core.store import Record, World
from lrestore.simulator.core.views import SCHEMA_OF, html
from lrestore.simulator.world import vocabulary as words

KINDS = ("vis", "vis", "vis", "look", "vis", "text", "vis", "merge", "vis", "rich", "vis", "button", "vis", "extension")
"""The kinds of tiles, in the order in which dashboards get them."""

FIRST_TILES, FIRST_FILTERS = 20, 6


class ContentSizes(Protocol):
    """The needed attributes of :class:`lrestore.simulator.world.world.Sizes`."""

    @property
    def tiles(self) -> int: ...
    @property
    def filters(self) -> int: ...
    @property
    def tabbed(self) -> int: ...
    @property
    def trashed(self) -> int: ...


class ContentMaker:
    """Creates content in a world that has models, users and folders."""

    def __init__(self, world: World, chance: random.Random, folders: Sequence[Record]) -> None:
        self.world = world
        self.random = chance
        self.folders = folders
        self._users = list(world.table("user").records)
        self._titles: set[tuple[str, str]] = set()

    def put(self, kind: str, **values: Any) -> Record:
        """Store a new record with an id and dates."""
        record = {**schema.blank(SCHEMA_OF[kind]), **values, "id": self.world.new_id(kind)}
        for stamp in ("created_at", "updated_at"):
            if stamp in record:
                record[stamp] = self.world.now()
        return self.world.table(kind).put(record)

    def _title(self, folder: Record) -> str:
        while True:
            parts = (words.PERIODS, words.TOPICS, words.SORTS_OF_VIEW)
            title = " ".join(self.random.choice(choices) for choices in parts)
            number = len(self._titles)
            if (folder["id"], title) in self._titles and number > 200:
                title = f"{title} {number}"
            if (folder["id"], title) not in self._titles:
                self._titles.add((folder["id"], title))
                return title

    def query(self, model: str, explore: str) -> Record:
        """A query of the explore."""
        dimensions = [f"{explore}.{d}" for d in self.random.sample(words.DIMENSIONS, self.random.randint(1, 3))]
        measures = [f"{explore}.{m}" for m in self.random.sample(words.MEASURES, self.random.randint(1, 2))]
        fields = dimensions + measures
        query = self.put(
            "query",
            model=model,
            view=explore,
            fields=fields,
            pivots=[],
            fill_fields=[],
            filters={f"{explore}.status": "complete"} if self.random.random() < 0.4 else {},
            sorts=[f"{measures[0]} desc"],
            limit="500",
            vis_config=self._vis(fields),
            filter_config={},
            dynamic_fields=self._dynamic(measures[0]) if self.random.random() < 0.2 else None,
            query_timezone="UTC",
        )
        describe_query(self.world, query)
        return query

    def _vis(self, fields: Sequence[str]) -> Record:
        colors = {name: self.random.choice(words.COLORS) for name in fields}
        return {"type": self.random.choice(words.VIS_TYPES), **words.VIS_DEFAULTS, "series_colors": colors}

    def _dynamic(self, measure: str) -> str:
        share = {"category": "table_calculation", "expression": f"${{{measure}}} / sum(${{{measure}}})"}
        return json.dumps([{**share, "label": "Share", "table_calculation": "share", "_type_hint": "number"}])

    def _explore(self) -> tuple[str, str]:
        model = self.random.choice(sorted(words.MODELS))
        return model, self.random.choice(words.MODELS[model])

    def look(self, number: int) -> Record:
        """A look in one of the folders."""
        folder = self.folders[number % len(self.folders)]
        query = self.query(*self._explore())
        owner = self.random.choice(self._users)
        own = {"title": self._title(folder), "folder_id": folder["id"], "user_id": owner, "last_updater_id": owner}
        look = self.put("look", query_id=query["id"], can=LOOK_CAN, view_count=0, favorite_count=0, **own)
        look["short_url"] = look["url"] = f"/looks/{look['id']}"
        add_metadata(self.world, "look", look)
        return look

    def dashboard(self, number: int, sizes: ContentSizes) -> Record:
        """A dashboard; the first one has every kind of tile."""
        folder = self.folders[number % len(self.folders)]
        dashboard = self._empty_dashboard(folder)
        tiles = FIRST_TILES if number == 0 else max(1, sizes.tiles + self.random.randint(-2, 2)) if sizes.tiles else 0
        model, explore = self._explore()
        count = FIRST_FILTERS if number == 0 else sizes.filters
        filters = [self._filter(dashboard, model, explore, row) for row in range(count)]
        layouts = [add_default_layout(self.world, dashboard)]
        if sizes.tabbed and number % sizes.tabbed == 1:
            layouts += self._tabs(dashboard, layouts[0])
        for index in range(tiles):
            source = (model, explore) if index % 3 else self._explore()
            tile = self._tile(dashboard, KINDS[(index + number * 5) % len(KINDS)], source)
            self._listen(tile, filters)
            self._place(tile, layouts, index)
        if sizes.trashed and number % sizes.trashed == sizes.trashed - 1:
            dashboard.update(deleted=True, deleted_at=self.world.now(), deleter_id="1")
        return dashboard

    def _empty_dashboard(self, folder: Record) -> Record:
        owner = self.random.choice(self._users)
        dashboard = self.put(
            "dashboard",
            title=self._title(folder),
            description=self.random.choice((None, "For the weekly meeting")),
            folder_id=folder["id"],
            user_id=owner,
            last_updater_id=owner,
            can=DASHBOARD_CAN,
            preferred_viewer="dashboards-next",
            refresh_interval=self.random.choice((None, "1 hour", "30 minutes")),
            crossfilter_enabled=True,
            enable_viz_full_screen=True,
            show_filters_bar=True,
            show_title=True,
            query_timezone="UTC",
            load_configuration="cache_run",
            view_count=0,
            favorite_count=0,
        )
        slug = hashlib.sha256(f"{dashboard['title']} {dashboard['created_at']}".encode()).hexdigest()[:22]
        self.world.table("dashboard").change(dashboard["id"], {"slug": slug})
        add_metadata(self.world, "dashboard", dashboard)
        return dashboard

    def _tabs(self, dashboard: Record, first: Record) -> list[Record]:
        first.update(label="Overview", order=0)
        own = {"dashboard_id": dashboard["id"], "type": "newspaper", "can": {"show": True}}
        return [self.put("dashboard_layout", label="Details", description="Row by row", order=1, **own)]

    def _place(self, tile: Record, layouts: Sequence[Record], index: int) -> None:
        """Two tiles in a row; a tile shows on one tab, its components on the others are marked deleted."""
        home = layouts[index % len(layouts)]
        for layout in layouts:
            component = add_component(self.world, layout, tile)
            if layout is home:
                step = index // len(layouts)
                component.update(row=step // 2 * 6, column=step % 2 * 12, width=12, height=6)
            else:
                component.update(row=0, deleted=True)

    def _filter(self, dashboard: Record, model: str, explore: str, row: int) -> Record:
        name = words.DIMENSIONS[row % len(words.DIMENSIONS)].replace("_", " ").title()
        name += "" if row < len(words.DIMENSIONS) else f" {row}"
        shown: Mapping[str, Any] = {
            "name": name,
            "title": name,
            "row": row,
            "listens_to_filters": [],
            "allow_multiple_values": True,
            "ui_config": {"type": "advanced", "display": "popover", "options": []},
        }
        if row == 1:
            own: JsonObject = {"type": "date_filter", "default_value": "30 days"}
        else:
            dimension = f"{explore}.{words.DIMENSIONS[row % len(words.DIMENSIONS)]}"
            own = {"type": "field_filter", "default_value": "", "model": model, "explore": explore}
            own.update(dimension=dimension, field=describe_field(dimension))
        return self.put("dashboard_filter", dashboard_id=dashboard["id"], can={"show": True}, **shown, **own)

    def _tile(self, dashboard: Record, kind: str, source: tuple[str, str]) -> Record:
        own = _TILES[kind](self, dashboard, source)
        tile = self.put("dashboard_element", dashboard_id=dashboard["id"], can=TILE_CAN, **own)
        for name in ("body_text", "title_text", "subtitle_text", "note_text"):
            tile[f"{name}_as_html"] = html(tile[name])
        tile["result_maker"] = new_maker(self.world, tile)
        show_maker(self.world, tile)
        return tile

    def _listen(self, tile: Record, filters: Sequence[Record]) -> None:
        for part in (tile["result_maker"] or {}).get("filterables") or ():
            heard = [row for row in filters if row["explore"] in (None, part["view"])]
            part["listen"] = [
                {
                    "dashboard_filter_name": row["name"],
                    "field": row["dimension"] or f"{part['view']}.created_month",
                }
                for row in heard
            ]

    def vis_tile(self, dashboard: Record, source: tuple[str, str]) -> Record:
        """A tile with a query of its own."""
        note = self.random.choice((None, None, *words.NOTES))
        shown = {"note_text": note, "note_state": "collapsed", "note_display": "hover"} if note else {}
        title = f"{self.random.choice(words.TOPICS)} {self.random.choice(words.SORTS_OF_VIEW)}"
        return {"type": "vis", "title": title, "query_id": self.query(*source)["id"], **shown}

    def look_tile(self, dashboard: Record, source: tuple[str, str]) -> Record:
        """A tile that shows a look."""
        looks = list(self.world.table("look").records.values())
        if not looks:
            return self.vis_tile(dashboard, source)
        look = self.random.choice(looks)
        return {"type": "vis", "title": look["title"], "look_id": look["id"]}

    def merge_tile(self, dashboard: Record, source: tuple[str, str]) -> Record:
        """A tile of two merged queries."""
        queries = [self.query(*source), self.query(*self._explore())]
        sources = [{"name": f"q_{n}", "query_id": query["id"]} for n, query in enumerate(queries)]
        sources[1]["merge_fields"] = [
            {"field_name": queries[1]["fields"][0], "source_field_name": queries[0]["fields"][0]}
        ]
        shown = {"pivots": [], "sorts": queries[0]["sorts"], "limit": "500", "vis_config": queries[0]["vis_config"]}
        merge = self.put("merge_query", can={"show": True}, source_queries=full_sources(self.world, sources), **shown)
        merge["result_maker_id"] = self.world.new_id("result_maker")
        return {"type": "vis", "title": "Merged: plan against actual", "merge_result_id": merge["id"]}

    def text_tile(self, dashboard: Record, source: tuple[str, str]) -> Record:
        """A Markdown text."""
        own = {"title_text": "About this dashboard", "subtitle_text": "", "body_text": self.random.choice(words.NOTES)}
        return {"type": "text", **own}

    def rich_tile(self, dashboard: Record, source: tuple[str, str]) -> Record:
        """A text of the rich editor."""
        text = json.dumps([{"type": "p", "id": 1, "children": [{"text": self.random.choice(words.NOTES)}]}])
        return {"type": "text", "title_text": "", "body_text": text, "rich_content_json": text}

    def button_tile(self, dashboard: Record, source: tuple[str, str]) -> Record:
        """A button with a link."""
        button = {"text": "More", "href": f"/dashboards/{dashboard['id']}", "newTab": True, "style": "FILLED"}
        return {"type": "button", "rich_content_json": json.dumps({**button, "color": "#1A73E8", "size": "medium"})}

    def extension_tile(self, dashboard: Record, source: tuple[str, str]) -> Record:
        """A tile of an extension."""
        return {"type": "extension", "title": "Calendar", "extension_id": "tools::calendar"}


_TILES: Mapping[str, Any] = {
    "vis": ContentMaker.vis_tile,
    "look": ContentMaker.look_tile,
    "merge": ContentMaker.merge_tile,
    "text": ContentMaker.text_tile,
    "rich": ContentMaker.rich_tile,
    "button": ContentMaker.button_tile,
    "extension": ContentMaker.extension_tile,
}
