-- See SQLite's migration of the same number.

ALTER TABLE deletion_queue ADD COLUMN queued_at_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE deletion_queue ADD COLUMN problem TEXT COLLATE "C";

UPDATE deletion_queue SET queued_at_ms = not_before_ms;

DROP INDEX deletion_queue_due;

CREATE INDEX deletion_queue_by_group ON deletion_queue (group_name, not_before_ms, id, queued_at_ms);

CREATE INDEX deletion_queue_failing ON deletion_queue (group_name, id) WHERE attempts > 0;
