-- Null: never; else 'Enabled' or 'Suspended'. A bucket with object lock is always 'Enabled'.
ALTER TABLE buckets ADD COLUMN versioning TEXT;
ALTER TABLE buckets ADD COLUMN has_object_lock INTEGER NOT NULL DEFAULT 0;
-- What all versions in it may take together; NULL is no limit.
ALTER TABLE buckets ADD COLUMN quota_bytes INTEGER;
ALTER TABLE buckets ADD COLUMN quota_objects INTEGER;

-- Tags are a JSON object of strings, the access control list is JSON; NULL where none was given.
ALTER TABLE objects ADD COLUMN tags TEXT;
ALTER TABLE objects ADD COLUMN acl TEXT;
ALTER TABLE objects ADD COLUMN retention_mode TEXT; -- GOVERNANCE or COMPLIANCE
ALTER TABLE objects ADD COLUMN retain_until_ms INTEGER;
ALTER TABLE objects ADD COLUMN has_legal_hold INTEGER NOT NULL DEFAULT 0;

-- Who began it; NULL where that is the owner of the object to be.
ALTER TABLE uploads ADD COLUMN initiator_id TEXT;
-- What the object will have when the upload is completed.
ALTER TABLE uploads ADD COLUMN tags TEXT;
ALTER TABLE uploads ADD COLUMN acl TEXT;
ALTER TABLE uploads ADD COLUMN retention_mode TEXT;
ALTER TABLE uploads ADD COLUMN retain_until_ms INTEGER;
ALTER TABLE uploads ADD COLUMN has_legal_hold INTEGER NOT NULL DEFAULT 0;

ALTER TABLE completed_uploads ADD COLUMN version_id TEXT;

ALTER TABLE access_keys ADD COLUMN is_active INTEGER NOT NULL DEFAULT 1;
ALTER TABLE access_keys ADD COLUMN expires_at_ms INTEGER; -- NULL is never

-- What all buckets of a user may take together; NULL is no limit.
ALTER TABLE users ADD COLUMN quota_bytes INTEGER;
ALTER TABLE users ADD COLUMN quota_objects INTEGER;

-- Identity policies, JSON in AWS's policy language. A user without any may do everything that the
-- owner of its buckets may.
CREATE TABLE user_policies (
  user_id TEXT NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  document TEXT NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  PRIMARY KEY (user_id, name)
) STRICT, WITHOUT ROWID;

-- What the versions of a bucket take, without delete markers; kept by every write of objects.
CREATE TABLE bucket_usage (
  bucket_id INTEGER NOT NULL PRIMARY KEY REFERENCES buckets (id),
  object_count INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO bucket_usage (bucket_id, object_count, size_bytes)
  SELECT b.id, COUNT(o.id), COALESCE(SUM(o.size), 0)
    FROM buckets b LEFT JOIN objects o ON o.bucket_id = b.id AND o.is_delete_marker = 0
    GROUP BY b.id;
