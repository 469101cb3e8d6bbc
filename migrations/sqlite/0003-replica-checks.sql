-- New files whose replicas were not seen yet, each with a place where it was referred to first. One
-- tree that grows at its end: writes pay for each row. A file that is dropped meanwhile stays here
-- until its turn comes.
CREATE TABLE replica_checks (
  group_name TEXT NOT NULL,
  due_ms INTEGER NOT NULL,
  file_id TEXT NOT NULL,
  bucket_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  stored_at_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (group_name, due_ms, file_id)
) STRICT, WITHOUT ROWID;

-- Files that were stored anew while some rows, which were not found yet, still refer to the old
-- file. Each row counts as a reference to the new file, so that it is there when they are found.
CREATE TABLE replaced_files (
  old_file_id TEXT NOT NULL PRIMARY KEY,
  new_file_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX replaced_files_by_new ON replaced_files (new_file_id);

-- Who refers to a file. Not for objects: there are many, and nearly all of them are found by key.
CREATE INDEX segments_of_file ON segments (file_id);
CREATE INDEX parts_of_file ON parts (file_id) WHERE file_id IS NOT NULL;
CREATE INDEX part_segments_of_file ON part_segments (file_id);
