import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { FileReferencesPage } from '../../../src/object-index/file-requests.ts';
import { migrate } from '../../../src/object-index/migrate.ts';
import {
  listings,
  type OperationTable,
  pointReads,
  writeOperations,
} from '../../../src/object-index/operations.ts';
import { runStatements, type SqlValue } from '../../../src/object-index/statements.ts';
import { newFileId, newObject, newPart, newUpload } from '../../support/new-records.ts';
import { NOW_MS } from '../../support/object-index.ts';

/** Statements that are meant to read all of a table or index: what they return or count. */
const readsAll = [
  // Each bucket, to find its old uploads.
  /FROM buckets b\s+JOIN uploads/,
  /FROM users\s+ORDER BY name/,
  /FROM access_keys\s+ORDER BY/,
  /COUNT\(\*\)/,
  /WHERE attempts > 0 ORDER BY group_name, id LIMIT/,
];

const database = new Database(':memory:');
migrate(database, ':memory:');

/** Every SQL text that was run, with values it was run with. */
const recorded = new Map<string, readonly SqlValue[]>();
const called = new Set<string>();
let objectId = 0;

/** Runs an operation by name, as an engine does. */
function call<Result>(name: string, ...args: unknown[]): Result {
  called.add(name);
  const context = { nowMs: NOW_MS, deletionNotBeforeMs: NOW_MS, replicaCheckDueMs: NOW_MS };
  const writes = writeOperations as unknown as OperationTable;
  const reads = { ...pointReads, ...listings } as unknown as OperationTable;
  const statements = writes[name]?.(context, ...args) ?? reads[name]?.(...args);
  if (!statements) throw new Error(name);
  return runStatements(statements, (statement) => {
    if (statement.kind === 'next-object-id') {
      objectId += 1;
      return objectId;
    }
    const { kind, sql, values } = statement;
    recorded.set(sql, values);
    const prepared = database.prepare(sql);
    if (kind === 'run') return prepared.run(values).changes;
    return kind === 'all' ? prepared.all(values) : prepared.get(values);
  }) as Result;
}

function runEverything(): void {
  const user = { id: 'u', name: 'n', isRoot: false, createdAtMs: 1 };
  call('createUser', user);
  call('findUser', 'u');
  call('findUserByName', 'n');
  call('listUsers');
  const secretEncrypted = Buffer.from('x');
  call('putAccessKey', { accessKeyId: 'a', userId: 'u', secretEncrypted, createdAtMs: 1 });
  call('findAccessKey', 'a');
  call('listAccessKeys', 'u');
  call('listAccessKeys', null);
  call('changeAccessKey', 'a', { isActive: false });
  call('putUserPolicy', 'u', { name: 'p', document: '{}' });
  call('listUserPolicies', 'u');
  call('removeUserPolicy', 'u', 'p');
  call('removeAccessKey', 'a');
  call('removeUser', 'u');
  const bucket = { name: 'b', ownerId: 'o', locationConstraint: null, createdAtMs: 1 };
  const { bucket: created } = call<{ bucket: { id: number } }>('createBucket', bucket);
  call('createBucket', bucket);
  call('findBucket', 'b');
  call('findBucketById', created.id);
  call('setBucketSetting', created.id, 'policy', '{}');
  call('setBucketSetting', created.id, 'policy', null);
  for (const quota of [
    { sizeBytes: 1e9, objectCount: 1e6 },
    { sizeBytes: null, objectCount: null },
  ]) {
    call('setQuota', { kind: 'user', userId: 'o' }, quota);
    call('setQuota', { kind: 'bucket', bucketId: created.id }, quota);
    call('findRefusedGrowth', created.id, { objectCount: 1, sizeBytes: 1 });
  }
  call('putBucketDomain', created.id, 'cdn.example.com');
  call('findBucketByDomain', 'cdn.example.com');
  call('listBucketDomains', created.id);
  call('removeBucketDomain', created.id, 'cdn.example.com');
  call('findBucketUsage', created.id);
  call('findUserUsage', 'o');
  call('findUserQuota', 'o');
  for (const ownerId of [null, 'o']) {
    for (const prefix of ['', 'p']) {
      call('listBuckets', { ownerId, prefix, after: '', limit: 10 });
    }
  }
  runObjects(created.id);
  runVersions();
  runUploads(created.id);
  call('queueDeletions', [newFileId()], 1);
  call('queueOrphans', [newFileId()], 1);
  call('findRestoreTime');
  call('listDueGroups', NOW_MS);
  const page = { groupName: 'group1', dueAtMs: NOW_MS, limit: 10 };
  const [due] = call<{ id: number }[]>('listDueDeletions', { ...page, after: null });
  call('listDueDeletions', { ...page, after: { notBeforeMs: 1, id: 1 } });
  for (const problem of [null, 'refused']) {
    call('postponeDeletions', [{ id: due?.id, notBeforeMs: 2, problem }]);
  }
  call('listFailingDeletions', 10);
  call('finishDeletions', [due?.id]);
  call('countDeletions');
  call('listQueuedFiles', 0, 10);
  call('isQueuedForDeletion', 'group1/x');
  call('probeWrite');
  call('deletionQueueState', NOW_MS);
  call('deleteBucket', created.id);
}

/** While there are objects and parts of every kind. */
function runReplicas(bucketId: number): void {
  call('listReplicaCheckQueues');
  const due = call<object[]>('listDueReplicaChecks', 'group1', NOW_MS, 10);
  call('postponeReplicaChecks', [{ check: due[0], untilMs: NOW_MS + 1 }]);
  call('countReplicaChecks');
  call('finishReplicaChecks', due);
  for (const within of [null, bucketId]) {
    call('countFileReferences', within);
    for (let after: string | null = null; ; ) {
      const request = { bucketId: within, after, limit: 2 };
      const page: FileReferencesPage = call('listFileReferences', request);
      after = page.next;
      if (after === null) break;
    }
  }
  const locations = [{ bucketId, key: 'a/1' }];
  const { fileId: oldFileId } = call<{ fileId: string }>('findObject', bucketId, 'a/1');
  call('repointFile', { oldFileId, newFileId: newFileId(), locations });
  call('findReplacement', oldFileId);
  call('findFileUse', oldFileId, bucketId, 'a/1');
  call('findNamedFile', oldFileId);
}

/** Each way to mend something once; what it is done to need not be there, or be damaged. */
function runRepairs(bucketId: number): void {
  const { fileId } = call<{ fileId: string }>('findObject', bucketId, 'a/1');
  const place = {
    bucketId,
    key: 'a/1',
    versionRank: -1,
    objectId: 1,
    uploadId: 'u',
    partNumber: 1,
  };
  const state = { name: 'file-state', recordedCount: null, references: [], isMalformed: false };
  const dueMs = NOW_MS;
  const repairs = [
    { ...state, isQueued: false, referenceCount: 2, references: [place] },
    { ...state, isQueued: false, referenceCount: 1, recordedCount: 2 },
    { ...state, isQueued: false, referenceCount: 0 },
    { ...state, isQueued: true, referenceCount: 1, references: [place] },
    { name: 'sequence', lastValueMin: 0 },
    { name: 'queue-group', groupName: 'x' },
    { name: 'queue-row' },
    { name: 'replica-check', groupName: 'x', dueMs, newGroupName: 'y' },
    { name: 'replaced-file', newFileId: 'x', isMalformed: false },
    { name: 'replaced-chain', newFileId: 'x', lastFileId: 'y' },
    { name: 'bucket', bucketName: 'recovered', ownerId: 'o' },
    { name: 'description', table: 'objects', column: 'headers', text: '' },
    { name: 'description', table: 'uploads', column: 'headers', text: '' },
    { name: 'part-count', from: 1, to: 2 },
    { name: 'dead-object-rows', table: 'segments' },
    { name: 'dead-object-rows', table: 'object_parts' },
    { name: 'needless-segments' },
    { name: 'needless-object-parts' },
    { name: 'dead-parts' },
    { name: 'dead-part-segments' },
    { name: 'dead-settings' },
    { name: 'named-file', isUsed: true },
    { name: 'named-file', isUsed: false },
    { name: 'imported-file' },
  ];
  const damages = repairs.map((repair) => ({ place: { ...place, fileId }, repair }));
  call('repairDamages', damages);
  call('repairDamages', [{ place: { bucketId: bucketId + 1 }, repair: repairs[10] }]);
}

function runObjects(bucketId: number): void {
  const segments = [1, 2].map(() => ({ fileId: newFileId(), fileOffset: 0, size: 5 }));
  const named = [{ fileId: `${newFileId()}.jpg`, fileOffset: 0, size: 5 }];
  call('putObject', newObject(bucketId, 'a/1', { segments: named }));
  call('putObject', newObject(bucketId, 'a/2', { segments }));
  for (const key of ['a/1', 'a/2']) {
    const source = call<{ id: number }>('findObject', bucketId, key);
    call('listSegments', source.id, 5, 10);
    call('copyObject', {
      source: { bucketId, key },
      sourceObjectId: source.id,
      destination: { bucketId, key: 'copy' },
      ownerId: 'o',
      lastModifiedMs: 1,
      description: null,
    });
    for (const versionId of [null, 'null', 'v'.repeat(32)]) {
      call('changeObject', { bucketId, key, versionId, change: { tags: { a: 'b' } } });
    }
    const grown = call<{ id: number; etag: string }>('findObject', bucketId, key);
    call('appendObject', {
      ...{ bucketId, key, expected: { objectId: grown.id, etag: grown.etag } },
      ...{ size: 1, segments: [{ fileId: `group1/more-${key}`, fileOffset: 0, size: 1 }] },
      ...{ partChecksum: null, etag: `${grown.etag}-2`, checksum: null, partCount: 2 },
      lastModifiedMs: 2,
    });
    for (const [sourceKey, renamedKey] of [
      [key, 'renamed'],
      ['renamed', key],
    ]) {
      const token = { text: `of-${key}-${sourceKey}`, parameters: '' };
      call('renameObject', { bucketId, sourceKey, key: renamedKey, token });
    }
    call('moveObject', {
      source: { bucketId, key },
      sourceObjectId: source.id,
      destination: { bucketId, key: 'moved' },
      ownerId: 'o',
    });
    call('renameObject', { bucketId, sourceKey: 'moved', key, token: null });
  }
  const [imported, used] = [newFileId(), call<{ fileId: string }>('findObject', bucketId, 'a/1')];
  for (const overwrites of [false, true]) {
    call('importObjects', {
      ...{ bucketId, overwrites },
      objects: ['a/1', 'a/2', 'imported'].map((key, position) => ({
        ...newObject(bucketId, key, {
          etag: `${position}`.repeat(32),
          segments: [{ fileId: imported, fileOffset: 0, size: 10 }],
        }),
        uses: [{ fileId: used.fileId, places: [{ bucketId, key: 'a/1' }] }],
      })),
    });
  }
  for (const prefix of ['', 'a']) {
    call('listCurrentObjects', { bucketId, prefix, after: '', limit: 10 });
    for (const after of ['', 'a/1']) {
      call('listObjects', { bucketId, prefix, delimiter: '', after, limit: 2 });
      call('listObjects', { bucketId, prefix, delimiter: '/', after, limit: 2 });
      call('listObjects', { bucketId, prefix, delimiter: '', after, limit: 2, hasDetails: true });
    }
  }
  call('putObject', newObject(bucketId, 'expired', { expiresAtMs: 1 }));
  call('findNextExpiry');
  call('expireObjects', 10);
  call('deleteObjects', bucketId, ['copy', 'a/2']);
}

/** In a bucket of its own: one that has versions never loses them. */
function runVersions(): void {
  const bucket = { name: 'versions', ownerId: 'o', locationConstraint: null, createdAtMs: 1 };
  const { bucket: created } = call<{ bucket: { id: number } }>('createBucket', bucket);
  const bucketId = created.id;
  call('putObject', newObject(bucketId, 'k'));
  const segments = [1, 2].map(() => ({ fileId: newFileId(), fileOffset: 0, size: 5 }));
  for (const state of ['Enabled', 'Suspended', 'Enabled']) {
    call('setBucketVersioning', bucketId, state);
    call('putObject', newObject(bucketId, 'k', { segments }));
    call('deleteObjects', bucketId, [{ key: 'k', condition: { sizeBytes: 10 } }, 'l']);
    const { versionId } = call<{ versionId: string }>('findObject', bucketId, 'k');
    for (const versionIdMarker of ['', versionId, 'null', 'v'.repeat(32)]) {
      for (const prefix of ['', 'k']) {
        const markers = { keyMarker: 'k', versionIdMarker };
        call('listVersions', { bucketId, prefix, delimiter: '', ...markers, limit: 2 });
      }
    }
    call('listVersions', {
      ...{ bucketId, prefix: '', delimiter: '', keyMarker: '', versionIdMarker: '', limit: 2 },
    });
    call('deleteObjects', bucketId, [{ key: 'k', versionId }]);
  }
  call('deleteObjects', bucketId, [{ key: 'k', versionId: 'null' }]);
  call('setObjectLock', bucketId, 'objectLock', null);
}

function runUploads(bucketId: number): void {
  for (const uploadId of ['u1', 'u2', 'u3']) {
    const upload = newUpload(bucketId, 'k', uploadId);
    call('createUpload', upload);
    call('putPart', newPart(upload, 1));
    call('putPart', newPart(upload, 2));
    const source = call<{ id: number }>('findObject', bucketId, 'a/1');
    const { segments: _, size: __, ...part } = newPart(upload, 3);
    call('copyPart', {
      ...part,
      source: { bucketId, key: 'a/1' },
      sourceObjectId: source.id,
      range: { start: 1, size: 2 },
    });
  }
  call('findUpload', bucketId, 'k', 'u1');
  runReplicas(bucketId);
  call('listParts', 'u1', 0, 10);
  call('sumParts', 'u1', 1);
  for (const prefix of ['', 'k']) {
    for (const keyMarker of ['', 'k']) {
      for (const uploadIdMarker of ['', 'u1']) {
        const markers = { keyMarker, uploadIdMarker };
        call('listUploads', { bucketId, prefix, delimiter: '', ...markers, limit: 10 });
      }
    }
  }
  call('completeUpload', {
    bucketId,
    key: 'k',
    uploadId: 'u1',
    parts: [1, 3].map((partNumber) => ({ partNumber, etag: `etag-${partNumber}` })),
    etag: 'e',
    checksum: null,
    lastModifiedMs: 1,
  });
  const completed = call<{ id: number }>('findObject', bucketId, 'k');
  call('findObjectPart', completed.id, 1);
  call('listObjectParts', completed.id, 0, 10);
  call('findCompletedUpload', 'u1');
  call('forgetCompletedUploads', 2);
  call('abortUpload', bucketId, 'k', 'u2');
  runRepairs(bucketId);
  call('deleteObjects', bucketId, ['a/1', 'k']);
  runKeylessUploads(bucketId);
}

function runKeylessUploads(bucketId: number): void {
  const segments = [1, 2].map(() => ({ fileId: newFileId(), fileOffset: 0, size: 5 }));
  for (const uploadId of ['b1', 'b2', 'b3']) {
    const upload = newUpload(bucketId, '', uploadId);
    call('createUpload', upload);
    call('putPart', newPart(upload, 1, { segments }));
  }
  call('findPartStart', 'b1', 1);
  call('listPartsOfUploads', bucketId, ['b1', 'b2']);
  const { segments: _, size: __, ...object } = newObject(bucketId, 'composed');
  const uploads = ['b1', 'b2'].map((uploadId) => ({ uploadId, etags: ['etag-1'] }));
  call('composeObject', { ...object, qetag: 'F', uploads });
  call('dropKeylessUploads', 'c');
}

describe('query plans', () => {
  runEverything();
  const tables = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .pluck()
    .all() as string[];

  it('covers every operation', () => {
    const names = [writeOperations, pointReads, listings].flatMap(Object.keys);
    expect([...called].sort()).toEqual(names.sort());
  });

  it('finds every row by a key or an index', () => {
    expect(recorded.size).toBeGreaterThan(60);
    const aliases = [...tables, 'k', 'u', 'o', 'p', 's'].join('|');
    const scan = new RegExp(`SCAN (${aliases})\\b|TEMP B-TREE`);
    const scanning: string[] = [];
    for (const [sql, values] of recorded) {
      if (readsAll.some((pattern) => pattern.test(sql))) continue;
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(values) as {
        detail: string;
      }[];
      const details = plan.map(({ detail }) => detail).join('; ');
      if (scan.test(details)) scanning.push(`${sql} => ${details}`);
    }
    expect(scanning).toEqual([]);
  });

  it('would notice a scan', () => {
    const plan = database.prepare('EXPLAIN QUERY PLAN SELECT 1 FROM parts WHERE etag = ?').all('x');
    expect(plan).toMatchObject([{ detail: 'SCAN parts' }]);
  });
});
