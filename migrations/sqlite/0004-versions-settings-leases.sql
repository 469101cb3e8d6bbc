-- One version of a key by its ID, however many the key has. Rows that were written while their
-- bucket had no versioning have no version_id, cost nothing here, and are found without: nothing is
-- written below one, so that it is the last row of its key. A null version that is written after
-- versioning was suspended may lie anywhere: its version_id is the text 'null'.
CREATE UNIQUE INDEX objects_by_version ON objects (bucket_id, key, version_id)
  WHERE version_id IS NOT NULL;

-- What was set on a bucket: policy, lifecycle, versioning and the like, each in the form that its
-- reader wants (JSON or XML).
CREATE TABLE bucket_settings (
  bucket_id INTEGER NOT NULL REFERENCES buckets (id),
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  PRIMARY KEY (bucket_id, name)
) STRICT, WITHOUT ROWID;

-- Work that one process at a time may do. A lease that has expired may be taken by another holder.
-- The term grows with every change of holder: one that was paused beyond its lease finds out.
CREATE TABLE leases (
  name TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  term INTEGER NOT NULL,
  taken_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
