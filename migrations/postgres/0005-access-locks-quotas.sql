-- See SQLite's migration of the same number.

ALTER TABLE buckets ADD COLUMN versioning TEXT COLLATE "C";
ALTER TABLE buckets ADD COLUMN has_object_lock BIGINT NOT NULL DEFAULT 0;
ALTER TABLE buckets ADD COLUMN quota_bytes BIGINT;
ALTER TABLE buckets ADD COLUMN quota_objects BIGINT;

ALTER TABLE objects ADD COLUMN tags TEXT COLLATE "C";
ALTER TABLE objects ADD COLUMN acl TEXT COLLATE "C";
ALTER TABLE objects ADD COLUMN retention_mode TEXT COLLATE "C";
ALTER TABLE objects ADD COLUMN retain_until_ms BIGINT;
ALTER TABLE objects ADD COLUMN has_legal_hold BIGINT;

ALTER TABLE uploads ADD COLUMN initiator_id TEXT COLLATE "C";
ALTER TABLE uploads ADD COLUMN tags TEXT COLLATE "C";
ALTER TABLE uploads ADD COLUMN acl TEXT COLLATE "C";
ALTER TABLE uploads ADD COLUMN retention_mode TEXT COLLATE "C";
ALTER TABLE uploads ADD COLUMN retain_until_ms BIGINT;
ALTER TABLE uploads ADD COLUMN has_legal_hold BIGINT;

ALTER TABLE completed_uploads ADD COLUMN version_id TEXT COLLATE "C";

ALTER TABLE access_keys ADD COLUMN is_active BIGINT NOT NULL DEFAULT 1;
ALTER TABLE access_keys ADD COLUMN expires_at_ms BIGINT;

ALTER TABLE users ADD COLUMN quota_bytes BIGINT;
ALTER TABLE users ADD COLUMN quota_objects BIGINT;

CREATE TABLE user_policies (
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  name TEXT COLLATE "C" NOT NULL,
  document TEXT COLLATE "C" NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  PRIMARY KEY (user_id, name)
);

-- One row that every write of a bucket changes would make them wait for each other, and fail each
-- other where transactions are serializable: each connection has its own shard, as far as they go.
CREATE TABLE bucket_usage (
  bucket_id BIGINT NOT NULL,
  shard BIGINT NOT NULL,
  object_count BIGINT NOT NULL,
  size_bytes BIGINT NOT NULL,
  PRIMARY KEY (bucket_id, shard)
);

CREATE TABLE user_usage (
  user_id TEXT COLLATE "C" NOT NULL,
  shard BIGINT NOT NULL,
  object_count BIGINT NOT NULL,
  size_bytes BIGINT NOT NULL,
  PRIMARY KEY (user_id, shard)
);

INSERT INTO bucket_usage (bucket_id, shard, object_count, size_bytes)
  SELECT b.id, 0, COUNT(o.id), CAST(COALESCE(SUM(o.size), 0) AS BIGINT)
    FROM buckets b LEFT JOIN objects o ON o.bucket_id = b.id AND o.is_delete_marker = 0
    GROUP BY b.id;

INSERT INTO user_usage (user_id, shard, object_count, size_bytes)
  SELECT u.id, 0, CAST(COALESCE(SUM(t.object_count), 0) AS BIGINT),
      CAST(COALESCE(SUM(t.size_bytes), 0) AS BIGINT)
    FROM users u LEFT JOIN buckets b ON b.owner_id = u.id
      LEFT JOIN bucket_usage t ON t.bucket_id = b.id
    GROUP BY u.id;

CREATE FUNCTION count_usage(changed_bucket_id BIGINT, object_growth BIGINT, size_growth BIGINT)
  RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bucket_usage AS t (bucket_id, shard, object_count, size_bytes)
    VALUES (changed_bucket_id, pg_backend_pid() % 32, object_growth, size_growth)
    ON CONFLICT (bucket_id, shard) DO UPDATE
      SET object_count = t.object_count + excluded.object_count,
          size_bytes = t.size_bytes + excluded.size_bytes;
  INSERT INTO user_usage AS t (user_id, shard, object_count, size_bytes)
    SELECT b.owner_id, pg_backend_pid() % 32, object_growth, size_growth
      FROM buckets b WHERE b.id = changed_bucket_id
    ON CONFLICT (user_id, shard) DO UPDATE
      SET object_count = t.object_count + excluded.object_count,
          size_bytes = t.size_bytes + excluded.size_bytes;
END $$;

CREATE FUNCTION count_object() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN PERFORM count_usage(NEW.bucket_id, 1, NEW.size);
  ELSIF TG_OP = 'DELETE' THEN PERFORM count_usage(OLD.bucket_id, -1, -OLD.size);
  ELSE PERFORM count_usage(NEW.bucket_id, 0, NEW.size - OLD.size);
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER object_inserted AFTER INSERT ON objects
  FOR EACH ROW WHEN (NEW.is_delete_marker = 0) EXECUTE FUNCTION count_object();
CREATE TRIGGER object_deleted AFTER DELETE ON objects
  FOR EACH ROW WHEN (OLD.is_delete_marker = 0) EXECUTE FUNCTION count_object();
CREATE TRIGGER object_resized AFTER UPDATE OF size ON objects
  FOR EACH ROW WHEN (NEW.is_delete_marker = 0 AND NEW.size <> OLD.size)
  EXECUTE FUNCTION count_object();

-- Foreign keys let no bucket with objects come or go.
CREATE FUNCTION forget_bucket_usage() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM bucket_usage WHERE bucket_id = OLD.id;
  RETURN NULL;
END $$;
CREATE TRIGGER bucket_deleted AFTER DELETE ON buckets
  FOR EACH ROW EXECUTE FUNCTION forget_bucket_usage();

CREATE FUNCTION forget_user_usage() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM user_usage WHERE user_id = OLD.id;
  RETURN NULL;
END $$;
CREATE TRIGGER user_deleted AFTER DELETE ON users
  FOR EACH ROW EXECUTE FUNCTION forget_user_usage();

CREATE TABLE rename_tokens (
  bucket_id BIGINT NOT NULL,
  client_token TEXT COLLATE "C" NOT NULL,
  parameters TEXT COLLATE "C" NOT NULL,
  renamed_at_ms BIGINT NOT NULL,
  PRIMARY KEY (bucket_id, client_token)
);

CREATE INDEX rename_tokens_by_time ON rename_tokens (renamed_at_ms);

INSERT INTO bucket_settings (bucket_id, name, value, updated_at_ms)
  SELECT id, 'ownershipControls', 'BucketOwnerEnforced', created_at_ms FROM buckets;
INSERT INTO bucket_settings (bucket_id, name, value, updated_at_ms)
  SELECT id, 'publicAccessBlock',
      '{"blockPublicAcls":true,"ignorePublicAcls":true,"blockPublicPolicy":true,"restrictPublicBuckets":true}',
      created_at_ms
    FROM buckets;
