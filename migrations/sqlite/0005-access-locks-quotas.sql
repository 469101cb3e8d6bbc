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
ALTER TABLE objects ADD COLUMN has_legal_hold INTEGER; -- NULL: never said

-- Who began it; NULL where that is the owner of the object to be.
ALTER TABLE uploads ADD COLUMN initiator_id TEXT;
-- What the object will have when the upload is completed.
ALTER TABLE uploads ADD COLUMN tags TEXT;
ALTER TABLE uploads ADD COLUMN acl TEXT;
ALTER TABLE uploads ADD COLUMN retention_mode TEXT;
ALTER TABLE uploads ADD COLUMN retain_until_ms INTEGER;
ALTER TABLE uploads ADD COLUMN has_legal_hold INTEGER;

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

-- What the versions of a bucket, and of all buckets of a user, take without delete markers: the sum
-- over shards, of which SQLite, with its one writer at a time, needs only shard 0. The triggers
-- below keep both in the transaction of every write of objects, whatever does it.
CREATE TABLE bucket_usage (
  bucket_id INTEGER NOT NULL,
  shard INTEGER NOT NULL,
  object_count INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  PRIMARY KEY (bucket_id, shard)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_usage (
  user_id TEXT NOT NULL,
  shard INTEGER NOT NULL,
  object_count INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  PRIMARY KEY (user_id, shard)
) STRICT, WITHOUT ROWID;

INSERT INTO bucket_usage (bucket_id, shard, object_count, size_bytes)
  SELECT b.id, 0, COUNT(o.id), COALESCE(SUM(o.size), 0)
    FROM buckets b LEFT JOIN objects o ON o.bucket_id = b.id AND o.is_delete_marker = 0
    GROUP BY b.id;

INSERT INTO user_usage (user_id, shard, object_count, size_bytes)
  SELECT u.id, 0, COALESCE(SUM(t.object_count), 0), COALESCE(SUM(t.size_bytes), 0)
    FROM users u LEFT JOIN buckets b ON b.owner_id = u.id
      LEFT JOIN bucket_usage t ON t.bucket_id = b.id
    GROUP BY u.id;

CREATE TRIGGER object_inserted AFTER INSERT ON objects WHEN NEW.is_delete_marker = 0
BEGIN
  UPDATE bucket_usage SET object_count = object_count + 1, size_bytes = size_bytes + NEW.size
    WHERE bucket_id = NEW.bucket_id AND shard = 0;
  UPDATE user_usage SET object_count = object_count + 1, size_bytes = size_bytes + NEW.size
    WHERE user_id = (SELECT owner_id FROM buckets WHERE id = NEW.bucket_id) AND shard = 0;
END;

CREATE TRIGGER object_deleted AFTER DELETE ON objects WHEN OLD.is_delete_marker = 0
BEGIN
  UPDATE bucket_usage SET object_count = object_count - 1, size_bytes = size_bytes - OLD.size
    WHERE bucket_id = OLD.bucket_id AND shard = 0;
  UPDATE user_usage SET object_count = object_count - 1, size_bytes = size_bytes - OLD.size
    WHERE user_id = (SELECT owner_id FROM buckets WHERE id = OLD.bucket_id) AND shard = 0;
END;

-- Objects stay in their bucket, and delete markers never become anything else.
CREATE TRIGGER object_resized AFTER UPDATE OF size ON objects
  WHEN NEW.is_delete_marker = 0 AND NEW.size <> OLD.size
BEGIN
  UPDATE bucket_usage SET size_bytes = size_bytes + NEW.size - OLD.size
    WHERE bucket_id = NEW.bucket_id AND shard = 0;
  UPDATE user_usage SET size_bytes = size_bytes + NEW.size - OLD.size
    WHERE user_id = (SELECT owner_id FROM buckets WHERE id = NEW.bucket_id) AND shard = 0;
END;

-- A bucket that is made to recover objects which are in none has objects from its beginning.
CREATE TRIGGER bucket_inserted AFTER INSERT ON buckets
BEGIN
  INSERT INTO bucket_usage (bucket_id, shard, object_count, size_bytes)
    SELECT NEW.id, 0, COUNT(*), COALESCE(SUM(size), 0) FROM objects
      WHERE bucket_id = NEW.id AND is_delete_marker = 0
    ON CONFLICT (bucket_id, shard) DO UPDATE
      SET object_count = excluded.object_count, size_bytes = excluded.size_bytes;
  UPDATE user_usage SET
      object_count = object_count
        + (SELECT object_count FROM bucket_usage WHERE bucket_id = NEW.id AND shard = 0),
      size_bytes = size_bytes
        + (SELECT size_bytes FROM bucket_usage WHERE bucket_id = NEW.id AND shard = 0)
    WHERE user_id = NEW.owner_id AND shard = 0;
END;

-- Only empty buckets are deleted, so that their owner's usage stays as it is.
CREATE TRIGGER bucket_deleted AFTER DELETE ON buckets
BEGIN
  DELETE FROM bucket_usage WHERE bucket_id = OLD.id;
END;

CREATE TRIGGER user_inserted AFTER INSERT ON users
BEGIN
  INSERT INTO user_usage (user_id, shard, object_count, size_bytes)
    SELECT NEW.id, 0, COALESCE(SUM(t.object_count), 0), COALESCE(SUM(t.size_bytes), 0)
      FROM buckets b JOIN bucket_usage t ON t.bucket_id = b.id WHERE b.owner_id = NEW.id
    ON CONFLICT (user_id, shard) DO UPDATE
      SET object_count = excluded.object_count, size_bytes = excluded.size_bytes;
END;

CREATE TRIGGER user_deleted AFTER DELETE ON users
BEGIN
  DELETE FROM user_usage WHERE user_id = OLD.id;
END;

-- So that a repeated RenameObject with the token of one that was done does nothing more.
CREATE TABLE rename_tokens (
  bucket_id INTEGER NOT NULL,
  client_token TEXT NOT NULL,
  parameters TEXT NOT NULL,
  renamed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (bucket_id, client_token)
) STRICT, WITHOUT ROWID;

CREATE INDEX rename_tokens_by_time ON rename_tokens (renamed_at_ms);

-- Buckets of before had no ACLs and nothing in them was public: so it stays.
INSERT INTO bucket_settings (bucket_id, name, value, updated_at_ms)
  SELECT id, 'ownershipControls', 'BucketOwnerEnforced', created_at_ms FROM buckets;
INSERT INTO bucket_settings (bucket_id, name, value, updated_at_ms)
  SELECT id, 'publicAccessBlock',
      '{"blockPublicAcls":true,"ignorePublicAcls":true,"blockPublicPolicy":true,"restrictPublicBuckets":true}',
      created_at_ms
    FROM buckets;
