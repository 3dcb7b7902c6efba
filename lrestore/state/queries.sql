-- Every statement on the state file. "-- name: NAME" begins one; parameters are named.

-- name: insert_session
INSERT INTO sessions (id, mode, status, started_at, source_instance, source_paths, source_fingerprint, destination,
                      base_url, user, looker_version, selection, settings, lrestore_version, pid, host, parent_id,
                      selected, os_user, command, reason, backed_up_at)
VALUES (:id, :mode, 'running', :started_at, :source_instance, :source_paths, :source_fingerprint, :destination,
        :base_url, :user, :looker_version, :selection, :settings, :lrestore_version, :pid, :host, :parent_id,
        :selected, :os_user, :command, :reason, :backed_up_at);

-- name: reopen_session
UPDATE sessions SET status = 'running', ended_at = NULL, pid = :pid, host = :host, reason = :reason
WHERE id = :session_id;

-- name: discard_session
UPDATE sessions SET discarded_at = :discarded_at WHERE id = :session_id AND discarded_at IS NULL;

-- name: select_superseding
-- Finished sessions that began later and have a result for an item of this one.
SELECT DISTINCT later.id, later.started_at FROM sessions AS this
JOIN sessions AS later ON later.destination = this.destination AND later.source_instance = this.source_instance
                       AND later.started_at > this.started_at AND later.status = 'finished'
JOIN results AS r ON r.session_id = later.id
WHERE this.id = :session_id
  AND (later.selection = this.selection OR EXISTS (
      SELECT 1 FROM results AS own
      WHERE own.session_id = this.id AND own.content_type = r.content_type AND own.source_id = r.source_id))
ORDER BY later.started_at DESC, later.id DESC;

-- name: end_session
UPDATE sessions
SET status = :status, ended_at = :ended_at, selected = max(selected, :selected), created = :created, updated = :updated,
    unchanged = :unchanged, skipped = :skipped, failed = :failed
WHERE id = :session_id;

-- name: select_sessions
SELECT * FROM sessions ORDER BY started_at, id;

-- name: select_session
SELECT * FROM sessions WHERE id = :session_id;

-- name: select_last_session
SELECT * FROM sessions ORDER BY started_at DESC, id DESC LIMIT 1;

-- name: select_last_unfinished
SELECT * FROM sessions WHERE status IN ('running', 'stopped', 'interrupted') AND discarded_at IS NULL
ORDER BY started_at DESC, id DESC LIMIT 1;

-- name: select_unfinished_ids
SELECT id FROM sessions WHERE status IN ('running', 'stopped', 'interrupted') AND discarded_at IS NULL;

-- name: select_sessions_by_prefix
SELECT * FROM sessions WHERE substr(id, 1, length(:prefix)) = :prefix ORDER BY started_at, id;

-- name: insert_checkpoint
INSERT INTO checkpoints (session_id, seq, created_at, selected, created, updated, unchanged, skipped, failed)
SELECT :session_id, coalesce(max(seq), 0) + 1, :created_at, :selected, :created, :updated, :unchanged, :skipped, :failed
FROM checkpoints WHERE session_id = :session_id;

-- name: upsert_result
INSERT INTO results (session_id, content_type, source_id, name, outcome, destination_id, reason, detail, recorded_at)
VALUES (:session_id, :content_type, :source_id, :name, :outcome, :destination_id, :reason, :detail, :recorded_at)
ON CONFLICT (session_id, content_type, source_id) DO UPDATE
SET name = excluded.name, outcome = excluded.outcome, destination_id = excluded.destination_id,
    reason = excluded.reason, detail = excluded.detail, recorded_at = excluded.recorded_at;

-- name: select_results
SELECT r.content_type AS type, r.source_id AS id, r.name, r.outcome, r.destination_id, r.reason, r.detail,
       d.error_type, d.message, d.stack_trace, d.failed_at, d.retry_count, d.status, d.errors, d.path, d.operation,
       d.method, d.request_path, d.request_body, d.answer
FROM results AS r
LEFT JOIN dead_letters AS d USING (session_id, content_type, source_id)
WHERE r.session_id = :session_id
ORDER BY r.rowid;

-- name: select_outcomes
SELECT content_type, source_id, outcome FROM results WHERE session_id = :session_id;

-- name: count_results
SELECT content_type, outcome, count(*) AS items FROM results
WHERE session_id = :session_id GROUP BY content_type, outcome ORDER BY content_type;

-- name: upsert_dead_letter
INSERT INTO dead_letters (session_id, content_type, source_id, name, error_type, message, stack_trace, failed_at,
                          retry_count, status, errors, path, operation, method, request_path, request_body, answer,
                          content)
VALUES (:session_id, :content_type, :source_id, :name, :error_type, :message, :stack_trace, :failed_at,
        :retry_count, :status, :errors, :path, :operation, :method, :request_path, :request_body, :answer, :content)
ON CONFLICT (session_id, content_type, source_id) DO UPDATE
SET name = excluded.name, error_type = excluded.error_type, message = excluded.message,
    stack_trace = excluded.stack_trace, failed_at = excluded.failed_at, retry_count = excluded.retry_count,
    status = excluded.status, errors = excluded.errors, path = excluded.path, operation = excluded.operation,
    method = excluded.method, request_path = excluded.request_path, request_body = excluded.request_body,
    answer = excluded.answer, content = coalesce(excluded.content, content), resolved_by = NULL;

-- name: extend_dead_letter
UPDATE dead_letters SET message = message || :text
WHERE session_id = :session_id AND content_type = :content_type AND source_id = :source_id
  AND instr(message, :text) = 0;

-- name: delete_dead_letter
DELETE FROM dead_letters WHERE session_id = :session_id AND content_type = :content_type AND source_id = :source_id;

-- name: resolve_dead_letters
-- The + keeps SQLite from trying the primary key once per session: the partial index holds few rows.
UPDATE dead_letters SET resolved_by = :session_id
WHERE resolved_by IS NULL AND content_type = :content_type AND source_id = :source_id
  AND +session_id IN (SELECT id FROM sessions
                     WHERE source_instance = :source_instance AND destination = :destination);

-- name: select_dead_letters
SELECT session_id, content_type AS type, source_id AS id, name, error_type, message, stack_trace, failed_at,
       retry_count, status, errors, path, operation, method, request_path, request_body, answer,
       coalesce(length(content), 0) AS content_bytes, resolved_by
FROM dead_letters
WHERE :session_id IS NULL OR session_id = :session_id
ORDER BY session_id, rowid;

-- name: select_open_dead_letters
-- Of each item the newest letter, as long as no session has restored the item since.
SELECT session_id, type, id, name, error_type, message, stack_trace, failed_at, retry_count, status, errors, path,
       operation, method, request_path, request_body, answer, content_bytes, resolved_by
FROM (
    SELECT d.session_id, d.content_type AS type, d.source_id AS id, d.name, d.error_type, d.message, d.stack_trace,
           d.failed_at, d.retry_count, d.status, d.errors, d.path, d.operation, d.method, d.request_path,
           d.request_body, d.answer, coalesce(length(d.content), 0) AS content_bytes, d.resolved_by,
           row_number() OVER (PARTITION BY s.source_instance, s.destination, d.content_type, d.source_id
                              ORDER BY d.failed_at DESC, s.started_at DESC, d.rowid DESC) AS age
    FROM dead_letters AS d JOIN sessions AS s ON s.id = d.session_id
    WHERE d.resolved_by IS NULL
)
WHERE age = 1
ORDER BY session_id, failed_at, type, id;

-- name: upsert_mapping
-- The same mapping again keeps its first session, and takes over a proof that is newer, with its time: a process that
-- has read the object before cannot prove it.
INSERT INTO id_mappings (source_instance, destination, content_type, source_id, destination_id, session_id, created_at,
                         destination_created_at, natural_key)
VALUES (:source_instance, :destination, :content_type, :source_id, :destination_id, :session_id, :created_at,
        :destination_created_at, :natural_key)
ON CONFLICT (source_instance, destination, content_type, source_id) DO UPDATE
SET session_id = CASE WHEN destination_id = excluded.destination_id
                           AND destination_created_at IN ('', excluded.destination_created_at)
                      THEN session_id ELSE excluded.session_id END,
    created_at = excluded.created_at,
    destination_id = excluded.destination_id,
    destination_created_at = excluded.destination_created_at,
    closed_at = NULL,
    natural_key = excluded.natural_key
WHERE destination_id <> excluded.destination_id
   OR (excluded.destination_created_at || excluded.natural_key <> ''
       AND (destination_created_at <> excluded.destination_created_at OR natural_key <> excluded.natural_key));

-- name: select_mapping
SELECT destination_id, destination_created_at, natural_key, created_at FROM id_mappings
WHERE source_instance = :source_instance AND destination IN (:destination, :former) AND content_type = :content_type
  AND source_id = :source_id AND closed_at IS NULL
ORDER BY destination <> :destination LIMIT 1;

-- name: select_any_mapping
-- Closed ones too: thousands of them would be passed over before one that counts is found.
SELECT 1 FROM id_mappings
WHERE source_instance = :source_instance AND destination IN (:destination, :former) AND content_type = :content_type
LIMIT 1;

-- name: select_mapped_sources
SELECT source_id, destination_id, destination_created_at, natural_key, created_at FROM id_mappings
WHERE source_instance = :source_instance AND destination IN (:destination, :former) AND content_type = :content_type
  AND destination_id = :destination_id AND closed_at IS NULL
ORDER BY +source_id;  -- by the index on destination_id, not by the primary key in this order

-- name: select_recorded_copies
-- Sessions that copy have mappings under a source instance of their own. From the few sessions to their mappings, by
-- the index: CROSS JOIN keeps this order.
SELECT DISTINCT m.destination_id, m.destination_created_at, m.natural_key, m.created_at
FROM sessions AS s
CROSS JOIN id_mappings AS m ON m.source_instance = s.source_instance AND m.destination = s.destination
WHERE s.mode = 'copy' AND s.destination IN (:destination, :former) AND m.content_type = :content_type
  AND m.destination_id = :destination_id AND m.closed_at IS NULL;

-- name: select_mappings_of_parts
-- The parts that were created for an item: intents name the item, mappings do not.
SELECT DISTINCT m.source_instance, m.destination, m.content_type, m.source_id, m.destination_id, m.session_id,
       m.created_at, m.destination_created_at, m.natural_key
FROM intents AS i JOIN sessions AS s ON s.id = i.session_id
JOIN id_mappings AS m ON m.source_instance = s.source_instance AND m.destination = s.destination
                      AND m.content_type = i.mapped_type AND m.source_id = i.mapped_id
WHERE i.content_type = :content_type AND i.source_id = :source_id AND i.part <> '' AND i.state = 'closed'
  AND s.source_instance = :source_instance AND s.destination = :destination
ORDER BY m.content_type, m.source_id;

-- name: select_with_counterpart
-- Created items are always mapped; what an undo has deleted since has no counterpart any more.
SELECT content_type, source_id FROM id_mappings
WHERE source_instance = :source_instance AND destination IN (:destination, :former) AND closed_at IS NULL
UNION
SELECT r.content_type, r.source_id FROM results AS r JOIN sessions AS s ON s.id = r.session_id
WHERE s.source_instance = :source_instance AND s.destination IN (:destination, :former)
  AND r.outcome IN ('updated', 'unchanged') AND r.destination_id <> '';

-- name: select_mappings
-- With the name that the item had in the session that recorded the mapping; NULL for parts and imported mappings.
SELECT m.source_instance, m.destination, m.content_type, m.source_id, m.destination_id, m.session_id, m.created_at,
       m.destination_created_at, m.natural_key, r.name
FROM id_mappings AS m LEFT JOIN results AS r USING (session_id, content_type, source_id)
WHERE :content_type IS NULL OR m.content_type = :content_type
ORDER BY m.source_instance, m.destination, m.content_type, m.source_id;

-- name: close_mappings
UPDATE id_mappings SET closed_at = :closed_at
WHERE destination = :destination AND content_type = :content_type AND destination_id = :destination_id
  AND closed_at IS NULL;

-- name: repoint_mappings
-- An undo made something again under another id: what led to the old one, of whatever source, leads to the new one.
UPDATE id_mappings
SET destination_id = :destination_id, destination_created_at = :destination_created_at, natural_key = :natural_key,
    closed_at = NULL
WHERE destination = :destination AND source_instance <> :source_instance AND content_type = :content_type
  AND destination_id = :source_id;

-- name: select_same_intent
SELECT id FROM intents
WHERE state = 'open' AND session_id = :session_id AND content_type = :content_type AND source_id = :source_id
  AND mapped_type = :mapped_type AND mapped_id = :mapped_id
  AND part = :part AND natural_key = :natural_key AND parent_id = :parent_id
  AND (:opened_at = '' OR opened_at = :opened_at);

-- name: insert_intent
INSERT INTO intents (session_id, content_type, source_id, part, natural_key, parent_id, mapped_type, mapped_id, state,
                     opened_at)
VALUES (:session_id, :content_type, :source_id, :part, :natural_key, :parent_id, :mapped_type, :mapped_id, 'open',
        :opened_at);

-- name: close_intent
UPDATE intents SET state = 'closed', destination_id = :destination_id, closed_at = :closed_at
WHERE id = :intent_id AND state = 'open';

-- name: drop_intent
UPDATE intents SET state = 'dropped', closed_at = :closed_at WHERE id = :intent_id AND state = 'open';

-- name: delete_intent
DELETE FROM intents WHERE id = :intent_id AND state = 'open';

-- name: close_mapped_intents
UPDATE intents SET state = 'closed', destination_id = :destination_id, closed_at = :closed_at
WHERE state = 'open' AND mapped_type = :content_type AND mapped_id = :source_id
  AND session_id IN (SELECT id FROM sessions
                     WHERE source_instance = :source_instance AND destination = :destination);

-- name: select_made
SELECT DISTINCT mapped_type, destination_id, mapped_id, part <> '' AS is_part FROM intents
WHERE session_id = :session_id AND state = 'closed'
ORDER BY mapped_type, destination_id;

-- name: select_intent
SELECT * FROM intents WHERE id = :intent_id;

-- name: select_open_intents
SELECT i.* FROM intents AS i
WHERE i.state = 'open' AND (:session_id IS NULL OR i.session_id = :session_id)
ORDER BY i.id;

-- name: select_open_intents_of_route
SELECT i.* FROM intents AS i JOIN sessions AS s ON s.id = i.session_id
WHERE i.state = 'open' AND s.source_instance = :source_instance AND s.destination IN (:destination, :former)
ORDER BY i.id;

-- name: select_in_doubt
SELECT 1 FROM intents AS i JOIN sessions AS s ON s.id = i.session_id
WHERE i.content_type = :content_type AND i.source_id = :source_id AND i.state = 'open' AND (:parts OR i.part = '')
  AND s.source_instance = :source_instance AND s.destination IN (:destination, :former)
LIMIT 1;

-- name: select_open_parts
SELECT i.mapped_type, i.mapped_id FROM intents AS i JOIN sessions AS s ON s.id = i.session_id
WHERE i.content_type = :content_type AND i.source_id = :source_id AND i.state = 'open' AND i.part <> ''
  AND s.source_instance = :source_instance AND s.destination IN (:destination, :former);

-- name: select_open_tries
-- Of the item, too: parts of two items may have the same id.
SELECT max(i.opened_at) AS opened_at FROM intents AS i JOIN sessions AS s ON s.id = i.session_id
WHERE i.content_type = :content_type AND i.source_id = :source_id AND i.state = 'open'
  AND i.mapped_type = :mapped_type AND i.mapped_id = :mapped_id
  AND s.source_instance = :source_instance AND s.destination IN (:destination, :former);

-- name: select_repeated_intents
-- Objects for which more than one create was sent while the end of another was not known.
SELECT i.content_type, i.source_id, i.part, i.natural_key, i.parent_id, m.destination_id, min(i.opened_at) AS first,
       max(i.opened_at) AS last
FROM intents AS i
JOIN sessions AS s ON s.id = :session_id
JOIN id_mappings AS m ON m.source_instance = s.source_instance AND m.destination = s.destination
                      AND m.content_type = i.mapped_type AND m.source_id = i.mapped_id
WHERE i.session_id = :session_id OR i.closed_at >= s.started_at
GROUP BY i.mapped_type, i.mapped_id
HAVING count(DISTINCT i.opened_at) > 1 AND sum(i.session_id = :session_id) > 0;

-- name: select_begun
SELECT 1 FROM intents
WHERE session_id = :session_id AND content_type = :content_type AND source_id = :source_id
  AND part = '' AND state <> 'dropped'
LIMIT 1;

-- name: select_outcome
SELECT outcome FROM results
WHERE session_id = :session_id AND content_type = :content_type AND source_id = :source_id;

-- name: drop_intents_of_item
UPDATE intents SET state = 'dropped', closed_at = :closed_at
WHERE content_type = :content_type AND source_id = :source_id AND state = 'open'
  AND session_id IN (SELECT id FROM sessions
                     WHERE source_instance = :source_instance AND destination = :destination);

-- name: select_specification
SELECT lrestore_version, content FROM specifications
WHERE destination = :destination AND looker_version = :looker_version;

-- name: upsert_specification
INSERT INTO specifications (destination, looker_version, lrestore_version, content, fetched_at)
VALUES (:destination, :looker_version, :lrestore_version, :content, :fetched_at)
ON CONFLICT (destination, looker_version) DO UPDATE
SET lrestore_version = excluded.lrestore_version, content = excluded.content, fetched_at = excluded.fetched_at;

-- name: upsert_pace
INSERT INTO paces (session_id, calls, latency_ms, per_second, reached, latencies)
VALUES (:session_id, :calls, :latency_ms, :per_second, :reached, :latencies)
ON CONFLICT (session_id) DO UPDATE
SET calls = excluded.calls, latency_ms = excluded.latency_ms, per_second = excluded.per_second,
    reached = excluded.reached, latencies = excluded.latencies;

-- name: select_last_pace
SELECT p.session_id, p.calls, p.latency_ms, p.per_second, p.reached, p.latencies, s.looker_version
FROM paces AS p JOIN sessions AS s ON s.id = p.session_id
WHERE s.destination = :destination AND p.calls > 0
ORDER BY s.started_at DESC, s.id DESC LIMIT 1;

-- name: select_recent_pace
SELECT p.session_id, p.calls, p.latency_ms, p.per_second, p.reached, p.latencies, s.looker_version
FROM paces AS p JOIN sessions AS s ON s.id = p.session_id
WHERE s.destination = :destination AND p.reached > 0 AND s.ended_at >= :since AND NOT EXISTS (
    SELECT 1 FROM paces AS later JOIN sessions AS its ON its.id = later.session_id
    WHERE its.destination = :destination AND later.reached > 0 AND later.per_second > 0
        AND (its.ended_at, its.id) > (s.ended_at, s.id)
)
ORDER BY p.reached DESC, s.ended_at DESC, s.id DESC LIMIT 1;
