-- Times are ISO 8601 in UTC. JSON columns are named in the comments. A change here needs a step in migrations.py.

CREATE TABLE sessions (
    id                  TEXT PRIMARY KEY,
    mode                TEXT NOT NULL,
    status              TEXT NOT NULL CHECK (status IN ('running', 'finished', 'stopped', 'interrupted', 'failed')),
    started_at          TEXT NOT NULL,
    ended_at            TEXT,
    source_instance     TEXT NOT NULL,
    source_paths        TEXT NOT NULL,                  -- JSON list
    source_fingerprint  TEXT NOT NULL,
    destination         TEXT NOT NULL,
    base_url            TEXT NOT NULL,
    user                TEXT NOT NULL,
    looker_version      TEXT NOT NULL,
    selection           TEXT NOT NULL,                  -- JSON object
    settings            TEXT NOT NULL,                  -- JSON object
    lrestore_version    TEXT NOT NULL,
    pid                 INTEGER NOT NULL,
    host                TEXT NOT NULL,
    parent_id           TEXT REFERENCES sessions (id),  -- the session that this one retries or undoes
    selected            INTEGER NOT NULL DEFAULT 0,
    created             INTEGER NOT NULL DEFAULT 0,
    updated             INTEGER NOT NULL DEFAULT 0,
    unchanged           INTEGER NOT NULL DEFAULT 0,
    skipped             INTEGER NOT NULL DEFAULT 0,
    failed              INTEGER NOT NULL DEFAULT 0,
    discarded_at        TEXT,                           -- when it was given up: it cannot be resumed since then
    os_user             TEXT NOT NULL DEFAULT '',       -- of the first start, as command
    command             TEXT NOT NULL DEFAULT '',       -- without secrets
    reason              TEXT NOT NULL DEFAULT '',       -- what --reason says
    backed_up_at        TEXT NOT NULL DEFAULT ''        -- the time of the newest object of the backup; '': unknown
);

CREATE TABLE checkpoints (
    session_id  TEXT NOT NULL REFERENCES sessions (id),
    seq         INTEGER NOT NULL,
    created_at  TEXT NOT NULL,
    selected    INTEGER NOT NULL,
    created     INTEGER NOT NULL,
    updated     INTEGER NOT NULL,
    unchanged   INTEGER NOT NULL,
    skipped     INTEGER NOT NULL,
    failed      INTEGER NOT NULL,
    PRIMARY KEY (session_id, seq)
);

-- One row per item and session: what --resume skips.
CREATE TABLE results (
    session_id      TEXT NOT NULL REFERENCES sessions (id),
    content_type    TEXT NOT NULL,
    source_id       TEXT NOT NULL,
    name            TEXT NOT NULL,
    outcome         TEXT NOT NULL CHECK (outcome IN ('created', 'updated', 'unchanged', 'skipped', 'failed')),
    destination_id  TEXT NOT NULL,
    reason          TEXT NOT NULL,
    detail          TEXT,                               -- JSON: changes, deletions, warnings, left_out; NULL when there are none
    recorded_at     TEXT NOT NULL,
    PRIMARY KEY (session_id, content_type, source_id)
);

CREATE TABLE dead_letters (
    session_id      TEXT NOT NULL REFERENCES sessions (id),
    content_type    TEXT NOT NULL,
    source_id       TEXT NOT NULL,
    name            TEXT NOT NULL,
    error_type      TEXT NOT NULL,
    message         TEXT NOT NULL,
    stack_trace     TEXT NOT NULL,
    failed_at       TEXT NOT NULL,
    retry_count     INTEGER NOT NULL,
    status          INTEGER,                            -- HTTP status, NULL when no answer came
    errors          TEXT NOT NULL,                      -- JSON list of Looker's field errors
    path            TEXT NOT NULL,                      -- place in the item's content
    operation       TEXT NOT NULL,
    method          TEXT NOT NULL,
    request_path    TEXT NOT NULL,
    request_body    TEXT NOT NULL,
    answer          TEXT NOT NULL,
    content         BLOB,                               -- the item as it is in the backup
    resolved_by     TEXT REFERENCES sessions (id),      -- the later session in which the item was restored
    PRIMARY KEY (session_id, content_type, source_id)
);

CREATE INDEX dead_letters_unresolved ON dead_letters (content_type, source_id) WHERE resolved_by IS NULL;

CREATE TABLE id_mappings (
    source_instance  TEXT NOT NULL,
    destination      TEXT NOT NULL,
    content_type     TEXT NOT NULL,
    source_id        TEXT NOT NULL,
    destination_id   TEXT NOT NULL,
    session_id       TEXT REFERENCES sessions (id),     -- NULL: imported
    created_at       TEXT NOT NULL,                     -- of this row
    -- What proves that the live object is still the one that was recorded: its created_at, and (JSON object) its
    -- natural key at that time. Both are empty in rows of older versions.
    destination_created_at TEXT NOT NULL DEFAULT '',
    natural_key            TEXT NOT NULL DEFAULT '',
    closed_at              TEXT,                        -- when an undo deleted the live object; NULL: it counts
    PRIMARY KEY (source_instance, destination, content_type, source_id)
);

CREATE INDEX id_mappings_reverse ON id_mappings (source_instance, destination, content_type, destination_id);

-- A create that was about to be sent. Closed by a mapping for (mapped_type, mapped_id); dropped when it surely failed.
CREATE TABLE intents (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id      TEXT NOT NULL REFERENCES sessions (id),
    content_type    TEXT NOT NULL,
    source_id       TEXT NOT NULL,
    part            TEXT NOT NULL,
    natural_key     TEXT NOT NULL,
    parent_id       TEXT NOT NULL,
    mapped_type     TEXT NOT NULL,
    mapped_id       TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('open', 'closed', 'dropped')),
    destination_id  TEXT,
    opened_at       TEXT NOT NULL,
    closed_at       TEXT,
    CHECK ((state = 'closed') = (destination_id IS NOT NULL))
);

CREATE INDEX intents_open ON intents (mapped_type, mapped_id) WHERE state = 'open';

CREATE INDEX intents_of_items ON intents (session_id, content_type, source_id) WHERE part = '';

CREATE INDEX intents_open_of_items ON intents (content_type, source_id) WHERE state = 'open';

-- Where the copies taken before each write are; the shards' own undo_log is the original, this is the index.
CREATE TABLE undo (
    session_id      TEXT NOT NULL REFERENCES sessions (id),
    shard           TEXT NOT NULL,
    seq             INTEGER NOT NULL,
    content_type    TEXT NOT NULL,
    destination_id  TEXT NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('updated', 'created', 'deleted', 'trashed')),
    created_at      TEXT NOT NULL,
    PRIMARY KEY (session_id, shard, seq)
);

-- What a destination of some release says of its own API, reduced: asked for once.
CREATE TABLE specifications (
    destination       TEXT NOT NULL,
    looker_version    TEXT NOT NULL,
    lrestore_version  TEXT NOT NULL,                    -- whose choice of what matters it is
    content           TEXT NOT NULL,                    -- JSON object
    fetched_at        TEXT NOT NULL,
    PRIMARY KEY (destination, looker_version)
);

-- How fast the destination answered a session: --rehearse repeats it.
CREATE TABLE paces (
    session_id  TEXT PRIMARY KEY REFERENCES sessions (id),
    calls       INTEGER NOT NULL,
    latency_ms  REAL NOT NULL,                          -- time of an answer of a typical operation
    per_second  REAL NOT NULL,                          -- calls that it admitted; 0: it refused none for their rate
    reached     REAL NOT NULL,                          -- the limit at the end: the next session begins with it
    latencies   TEXT NOT NULL DEFAULT '{}'              -- JSON object: mean times in ms, of operations called often
);
