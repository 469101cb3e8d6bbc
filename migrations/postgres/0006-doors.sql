-- See the SQLite migration of the same number for what the columns mean.
ALTER TABLE objects ADD COLUMN qetag TEXT COLLATE "C";
ALTER TABLE objects ADD COLUMN expires_at_ms BIGINT;
ALTER TABLE objects ADD COLUMN kodo TEXT COLLATE "C";

ALTER TABLE uploads ADD COLUMN expires_at_ms BIGINT;
ALTER TABLE uploads ADD COLUMN kodo TEXT COLLATE "C";

ALTER TABLE parts ADD COLUMN qetag TEXT COLLATE "C";
ALTER TABLE completed_uploads ADD COLUMN qetag TEXT COLLATE "C";

CREATE INDEX objects_to_expire ON objects (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

CREATE TABLE named_files (
  file_id TEXT COLLATE "C" NOT NULL,
  bucket_id BIGINT NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  is_imported BIGINT NOT NULL,
  PRIMARY KEY (file_id, bucket_id, key)
);

CREATE TABLE bucket_domains (
  domain TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  bucket_id BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL
);

CREATE INDEX bucket_domains_by_bucket ON bucket_domains (bucket_id, domain);
