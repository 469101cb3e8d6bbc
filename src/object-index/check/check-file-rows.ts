import { type CheckRun, scan } from './check-run.ts';

/** Rows that wait for work on a file, and replacements of files. */
export function checkFileRows(run: CheckRun): void {
  checkQueue(run);
  checkReplicaChecks(run);
  checkReplacements(run);
}

function checkQueue(run: CheckRun): void {
  const rows = scan<readonly [string, string]>(
    run,
    'SELECT file_id, group_name FROM deletion_queue ORDER BY id',
  );
  for (const [fileId, groupName] of rows) {
    const place = { fileId };
    const file = run.readFileId(fileId);
    if (file === null) {
      run.found({
        kind: 'file-id-malformed',
        severity: 'warning',
        place,
        problem: `What waits to be deleted is no file ID: ${JSON.stringify(fileId.slice(0, 200))}.`,
        repair: { name: 'queue-row' },
      });
    } else if (file.groupName !== groupName) {
      run.found({
        kind: 'group-wrong',
        severity: 'error',
        place,
        problem: `The file waits to be deleted in group ${JSON.stringify(groupName)} and is in another one.`,
        repair: { name: 'queue-group', groupName },
      });
    }
  }
}

function checkReplicaChecks(run: CheckRun): void {
  const rows = scan<readonly [string, number, string, number, string]>(
    run,
    'SELECT group_name, due_ms, file_id, bucket_id, key FROM replica_checks',
  );
  for (const [groupName, dueMs, fileId, bucketId, key] of rows) {
    const file = run.readFileId(fileId);
    if (file?.groupName === groupName) continue;
    const isMalformed = file === null;
    run.found({
      kind: isMalformed ? 'file-id-malformed' : 'group-wrong',
      severity: 'warning',
      place: { bucketId, key, fileId },
      problem: isMalformed
        ? `Replicas are to be looked for of what is no file ID: ${JSON.stringify(fileId.slice(0, 200))}.`
        : `The file's replicas are to be looked for in group ${JSON.stringify(groupName)}.`,
      repair: { name: 'replica-check', groupName, dueMs, newGroupName: file?.groupName ?? null },
    });
  }
}

/** A replacement is needed while something refers to the old file, and leads to no further one. */
function checkReplacements(run: CheckRun): void {
  const chains = scan<readonly [string, string, string]>(
    run,
    `SELECT r.old_file_id, r.new_file_id, n.new_file_id FROM replaced_files r
      JOIN replaced_files n ON n.old_file_id = r.new_file_id`,
  );
  for (const [oldFileId, newFileId, lastFileId] of chains) {
    const isCycle = lastFileId === oldFileId || newFileId === oldFileId;
    run.found({
      kind: 'replaced-chain',
      severity: 'error',
      place: { fileId: oldFileId },
      problem: `Its replacement ${newFileId} is replaced by ${lastFileId} itself.`,
      repair: isCycle ? null : { name: 'replaced-chain', newFileId, lastFileId },
    });
  }
  if (run.rowCounts.replaced_files === 0) return;
  for (const [fileId, newFileId] of scan<readonly [string, string]>(
    run,
    'SELECT old_file_id, new_file_id FROM replaced_files',
  )) {
    if (run.readFileId(newFileId) !== null) continue;
    run.found({
      kind: 'file-id-malformed',
      severity: 'error',
      place: { fileId },
      problem: `It was replaced by what is no file ID: ${JSON.stringify(newFileId.slice(0, 200))}.`,
      repair: { name: 'replaced-file', newFileId, isMalformed: true },
    });
  }
  const needless = scan<readonly [string, string]>(
    run,
    `SELECT old_file_id, new_file_id FROM replaced_files r
      WHERE NOT EXISTS (SELECT 1 FROM segments WHERE file_id = r.old_file_id)
        AND NOT EXISTS (SELECT 1 FROM parts WHERE file_id = r.old_file_id)
        AND NOT EXISTS (SELECT 1 FROM part_segments WHERE file_id = r.old_file_id)
        AND NOT EXISTS (SELECT 1 FROM replaced_files WHERE new_file_id = r.old_file_id)
        AND old_file_id NOT IN (SELECT file_id FROM objects WHERE file_id IS NOT NULL)`,
  );
  for (const [fileId, newFileId] of needless) {
    run.found({
      kind: 'replaced-needless',
      severity: 'warning',
      place: { fileId },
      problem: `Nothing refers to the file, and ${newFileId} is kept in its place.`,
      repair: { name: 'replaced-file', newFileId, isMalformed: false },
    });
  }
}
