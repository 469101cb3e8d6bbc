-- See SQLite's migration of the same number.

ALTER TABLE buckets ADD COLUMN versioning TEXT COLLATE "C";
ALTER TABLE buckets ADD COLUMN has_object_lock BIGINT NOT NULL DEFAULT 0;
ALTER TABLE buckets ADD COLUMN quota_bytes BIGINT;
ALTER TABLE buckets ADD COLUMN quota_objects BIGINT;

ALTER TABLE objects ADD COLUMN tags TEXT COLLATE "C";
ALTER TABLE objects ADD COLUMN acl TEXT COLLATE "C";
ALTER TABLE objects ADD COLUMN retention_mode TEXT COLLATE "C";
ALTER TABLE objects ADD COLUMN retain_until_ms BIGINT;
ALTER TABLE objects ADD COLUMN has_legal_hold BIGINT NOT NULL DEFAULT 0;

ALTER TABLE uploads ADD COLUMN initiator_id TEXT COLLATE "C";
ALTER TABLE uploads ADD COLUMN tags TEXT COLLATE "C";
ALTER TABLE uploads ADD COLUMN acl TEXT COLLATE "C";
ALTER TABLE uploads ADD COLUMN retention_mode TEXT COLLATE "C";
ALTER TABLE uploads ADD COLUMN retain_until_ms BIGINT;
ALTER TABLE uploads ADD COLUMN has_legal_hold BIGINT NOT NULL DEFAULT 0;

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

CREATE TABLE bucket_usage (
  bucket_id BIGINT NOT NULL PRIMARY KEY REFERENCES buckets (id),
  object_count BIGINT NOT NULL,
  size_bytes BIGINT NOT NULL
);

INSERT INTO bucket_usage (bucket_id, object_count, size_bytes)
  SELECT b.id, COUNT(o.id), CAST(COALESCE(SUM(o.size), 0) AS BIGINT)
    FROM buckets b LEFT JOIN objects o ON o.bucket_id = b.id AND o.is_delete_marker = 0
    GROUP BY b.id;
