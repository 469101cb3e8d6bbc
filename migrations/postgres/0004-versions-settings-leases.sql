-- See SQLite's migration of the same number.

CREATE UNIQUE INDEX objects_by_version ON objects (bucket_id, key, version_id)
  WHERE version_id IS NOT NULL;

CREATE TABLE bucket_settings (
  bucket_id BIGINT NOT NULL REFERENCES buckets (id),
  name TEXT COLLATE "C" NOT NULL,
  value TEXT COLLATE "C" NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  PRIMARY KEY (bucket_id, name)
);

CREATE TABLE leases (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  holder TEXT COLLATE "C" NOT NULL,
  term BIGINT NOT NULL,
  taken_at_ms BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL
);
