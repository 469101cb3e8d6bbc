-- Files to delete are found by group: one that is down must not keep the others' files waiting.

ALTER TABLE deletion_queue ADD COLUMN queued_at_ms INTEGER NOT NULL DEFAULT 0;
-- Why the last attempt failed; NULL when none did.
ALTER TABLE deletion_queue ADD COLUMN problem TEXT;

-- The nearest that is known of files queued before.
UPDATE deletion_queue SET queued_at_ms = not_before_ms;

DROP INDEX deletion_queue_due;

-- Its last column is for the state of the queue, which is told from this index alone.
CREATE INDEX deletion_queue_by_group ON deletion_queue (group_name, not_before_ms, id, queued_at_ms);

CREATE INDEX deletion_queue_failing ON deletion_queue (group_name, id) WHERE attempts > 0;
