-- Kodo's hash of an object's bytes, 28 characters; NULL until somebody needs it.
ALTER TABLE objects ADD COLUMN qetag TEXT;
-- When the object is to be deleted; NULL is never.
ALTER TABLE objects ADD COLUMN expires_at_ms INTEGER;
-- What only Kodo knows of an object, JSON; NULL where that is nothing.
ALTER TABLE objects ADD COLUMN kodo TEXT;

ALTER TABLE uploads ADD COLUMN expires_at_ms INTEGER;
ALTER TABLE uploads ADD COLUMN kodo TEXT;

ALTER TABLE parts ADD COLUMN qetag TEXT;
ALTER TABLE completed_uploads ADD COLUMN qetag TEXT;

CREATE INDEX objects_to_expire ON objects (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

-- Files that are known by their own IDs to those who made or imported them, and the keys whose
-- objects are such a file. The last key of a file that is still needed stays here even when it is
-- something else by now; with the last reference to the file all go.
CREATE TABLE named_files (
  file_id TEXT NOT NULL,
  bucket_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  is_imported INTEGER NOT NULL, -- 1: it was there before the gateway; the same for all keys of a file
  PRIMARY KEY (file_id, bucket_id, key)
) STRICT, WITHOUT ROWID;

-- Host names, in lower case and without port, at which objects of one bucket are downloaded.
CREATE TABLE bucket_domains (
  domain TEXT NOT NULL PRIMARY KEY,
  bucket_id INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX bucket_domains_by_bucket ON bucket_domains (bucket_id, domain);
