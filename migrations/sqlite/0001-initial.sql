-- The first schema. Times are milliseconds since 1970, sizes and offsets are bytes.
-- TEXT compares by the bytes of its UTF-8 (BINARY collation), which is the order S3 lists keys in.
-- Booleans are 0 or 1. Headers and user metadata are JSON objects of strings.

-- Numbers that are never given out twice, not even after what bore them is gone.
CREATE TABLE sequences (
  name TEXT NOT NULL PRIMARY KEY,
  last_value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO sequences (name, last_value) VALUES ('object_id', 0);

CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  is_root INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One root at most.
CREATE UNIQUE INDEX users_root ON users (is_root) WHERE is_root = 1;

CREATE TABLE access_keys (
  access_key_id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  secret_encrypted BLOB NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX access_keys_of_user ON access_keys (user_id, access_key_id);

-- AUTOINCREMENT: a request that found a bucket must not write into a later one of the same id.
CREATE TABLE buckets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  owner_id TEXT NOT NULL,
  location_constraint TEXT,
  created_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX buckets_of_owner ON buckets (owner_id, name);

-- One row per object version, clustered, newest version of a key first (version_rank is the
-- negated sequence number): the current object is the first row of its key. The columns that
-- listings read come before the long ones, so that they stay out of overflow pages.
CREATE TABLE objects (
  bucket_id INTEGER NOT NULL REFERENCES buckets (id),
  key TEXT NOT NULL,
  version_rank INTEGER NOT NULL,
  id INTEGER NOT NULL,
  version_id TEXT, -- NULL is S3's null version
  is_delete_marker INTEGER NOT NULL DEFAULT 0,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  last_modified_ms INTEGER NOT NULL,
  owner_id TEXT NOT NULL,
  storage_class TEXT,
  checksum_algorithm TEXT,
  checksum_type TEXT,
  checksum_value TEXT,
  part_count INTEGER, -- NULL unless it was a multipart upload
  file_id TEXT, -- when the object is exactly one whole file; else segments tell
  headers TEXT NOT NULL,
  user_metadata TEXT NOT NULL,
  PRIMARY KEY (bucket_id, key, version_rank)
) STRICT, WITHOUT ROWID;

-- Only for objects that are not exactly one whole file. Copies of the same bytes in other groups
-- differ in copy_number; each copy tiles the object on its own, copy 0 is what was written first.
CREATE TABLE segments (
  object_id INTEGER NOT NULL,
  copy_number INTEGER NOT NULL,
  start_offset INTEGER NOT NULL,
  size INTEGER NOT NULL,
  file_id TEXT NOT NULL,
  file_offset INTEGER NOT NULL,
  PRIMARY KEY (object_id, copy_number, start_offset)
) STRICT, WITHOUT ROWID;

-- The parts a multipart object was completed from, for reads by part number.
CREATE TABLE object_parts (
  object_id INTEGER NOT NULL,
  part_number INTEGER NOT NULL,
  start_offset INTEGER NOT NULL,
  size INTEGER NOT NULL,
  checksum_value TEXT,
  PRIMARY KEY (object_id, part_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
  bucket_id INTEGER NOT NULL REFERENCES buckets (id),
  key TEXT NOT NULL,
  upload_id TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  initiated_at_ms INTEGER NOT NULL,
  checksum_algorithm TEXT,
  checksum_type TEXT,
  headers TEXT NOT NULL,
  user_metadata TEXT NOT NULL,
  PRIMARY KEY (bucket_id, key, upload_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX uploads_by_id ON uploads (upload_id);

CREATE TABLE parts (
  upload_id TEXT NOT NULL REFERENCES uploads (upload_id),
  part_number INTEGER NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  last_modified_ms INTEGER NOT NULL,
  checksum_algorithm TEXT,
  checksum_type TEXT,
  checksum_value TEXT,
  file_id TEXT, -- when the part is exactly one whole file; else part_segments tell
  PRIMARY KEY (upload_id, part_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE part_segments (
  upload_id TEXT NOT NULL,
  part_number INTEGER NOT NULL,
  start_offset INTEGER NOT NULL, -- inside the part
  size INTEGER NOT NULL,
  file_id TEXT NOT NULL,
  file_offset INTEGER NOT NULL,
  PRIMARY KEY (upload_id, part_number, start_offset)
) STRICT, WITHOUT ROWID;

-- So that a repeated CompleteMultipartUpload gets its first answer.
CREATE TABLE completed_uploads (
  upload_id TEXT NOT NULL PRIMARY KEY,
  bucket_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  etag TEXT NOT NULL,
  checksum_algorithm TEXT,
  checksum_type TEXT,
  checksum_value TEXT,
  completed_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX completed_uploads_by_time ON completed_uploads (completed_at_ms);

-- Files that more than one row of objects, segments, parts and part_segments refers to. A file
-- without a row here is referred to once, or waits in deletion_queue.
CREATE TABLE shared_files (
  file_id TEXT NOT NULL PRIMARY KEY,
  reference_count INTEGER NOT NULL CHECK (reference_count > 0)
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: finishing a deletion twice must not take another one out of the queue.
CREATE TABLE deletion_queue (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  file_id TEXT NOT NULL UNIQUE,
  group_name TEXT NOT NULL,
  not_before_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX deletion_queue_due ON deletion_queue (not_before_ms, id);
