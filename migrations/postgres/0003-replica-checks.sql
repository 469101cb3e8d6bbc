-- See SQLite's migration of the same number.

CREATE TABLE replica_checks (
  group_name TEXT COLLATE "C" NOT NULL,
  due_ms BIGINT NOT NULL,
  file_id TEXT COLLATE "C" NOT NULL,
  bucket_id BIGINT NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  stored_at_ms BIGINT NOT NULL,
  attempts BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (group_name, due_ms, file_id)
);

CREATE TABLE replaced_files (
  old_file_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  new_file_id TEXT COLLATE "C" NOT NULL
);

CREATE INDEX replaced_files_by_new ON replaced_files (new_file_id);

CREATE INDEX segments_of_file ON segments (file_id);
CREATE INDEX parts_of_file ON parts (file_id) WHERE file_id IS NOT NULL;
CREATE INDEX part_segments_of_file ON part_segments (file_id);
