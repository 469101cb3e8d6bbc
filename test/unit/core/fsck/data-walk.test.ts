import { beforeEach, describe, expect, it } from 'vitest';
import type { FileCopy } from '../../../../src/blob-store/blob-store.ts';
import {
  DataWalk,
  type DataWalkOptions,
  type DataWalkState,
  newDataWalkState,
} from '../../../../src/core/fsck/data-walk.ts';
import type { Finding } from '../../../../src/core/fsck/findings.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { copiesOf } from '../../../support/file-copies.ts';
import { newObject, putObject } from '../../../support/new-records.ts';
import { putText } from '../../../support/put-text.ts';

let core: TestCore;
let copies: Map<string, readonly FileCopy[]>;
let contents: Map<string, Buffer>;
beforeEach(async () => {
  core = await createTestCore();
  core.blobs.servers = ['a:1', 'b:1'];
  copies = new Map();
  contents = new Map();
  core.blobs.faults.copies = copies;
  core.blobs.faults.copyContents = contents;
});

async function walk(
  options: Partial<DataWalkOptions> = {},
): Promise<{ state: DataWalkState; findings: Finding[] }> {
  const dataWalk = new DataWalk(core, {
    ...{ bucketId: null, filesPerSecond: 100_000, bytesPerSecond: 1e9, level: 'ask' },
    ...options,
  });
  let state = newDataWalkState;
  const findings: Finding[] = [];
  while (!state.isFinished) {
    const step = await dataWalk.step(state, new AbortController().signal);
    // It must survive being kept in a file.
    state = JSON.parse(JSON.stringify(step.state)) as DataWalkState;
    findings.push(...step.added);
  }
  return { state, findings };
}

const verdictOf = async (options: Partial<DataWalkOptions> = {}) => {
  const { verdictCounts } = (await walk(options)).state;
  return Object.entries(verdictCounts)
    .filter(([, count]) => count > 0)
    .map(([verdict]) => verdict);
};

describe('a walk that asks', () => {
  it('finds nothing when all is well', async () => {
    for (const key of ['a', 'b', 'c']) await putText(core, key, key);
    const { state, findings } = await walk({ pageSizeMax: 2 });
    expect(state).toMatchObject({ isFinished: true, referenceCount: 3, fileCount: 3 });
    expect(state.verdictCounts.sound).toBe(3);
    expect(findings).toEqual([]);
  });

  it.each([
    [['present', 'missing'], 'sound'],
    [['unknown', 'present'], 'sound'],
    [['missing', 'missing'], 'missing'],
    [['damaged', 'missing'], 'damaged'],
    [['damaged', 'present'], 'copy-damaged'],
    [['missing', 'unknown'], 'unknown'],
    [[], 'unknown'],
  ] satisfies [FileCopy['state'][], string][])('tells of %j: %s', async (states, verdict) => {
    copies.set(await putText(core, 'k', 'text'), copiesOf(...states));
    expect(await verdictOf()).toEqual([verdict]);
  });

  it('names bucket, key, file and servers', async () => {
    const fileId = await putText(core, 'k', 'text');
    copies.set(fileId, copiesOf('missing', 'missing'));
    expect((await walk()).findings).toEqual([
      {
        ...{ kind: 'file-missing', severity: 'severe', repair: 'impossible' },
        where: { bucketId: core.bucket.id, key: 'k', fileId },
        problem: `${fileId} is missing on a:1, is missing on b:1`,
      },
    ]);
  });

  it.each([
    ['an object that is longer than its file', [{ fileOffset: 0, size: 5 }], 5],
    ['an object that is shorter than its file', [{ fileOffset: 0, size: 3 }], 3],
    ['a segment that ends behind its file', [{ fileOffset: 1, size: 4 }], 4],
  ])('finds %s', async (_case, ranges, size) => {
    const fileId = await putText(core, 'old', 'text');
    await core.index.deleteObjects(core.bucket.id, ['old']);
    const segments = ranges.map((range) => ({ ...range, fileId }));
    await putObject(core.index, newObject(core.bucket.id, 'k', { size, segments }));
    expect((await walk()).findings).toMatchObject([
      { kind: 'file-range-wrong', where: { key: 'k' } },
    ]);
  });

  it('takes a segment that lies inside of its file', async () => {
    const fileId = await putText(core, 'old', 'text');
    await core.index.deleteObjects(core.bucket.id, ['old']);
    const segments = [{ fileId, fileOffset: 1, size: 3 }];
    await putObject(core.index, newObject(core.bucket.id, 'k', { size: 3, segments }));
    expect(await verdictOf()).toEqual(['sound']);
  });

  it('says nothing of a file that was deleted while it was asked for', async () => {
    const fileId = await putText(core, 'k', 'text');
    copies.set(fileId, copiesOf('missing', 'missing'));
    const findCopies = core.blobs.findCopies.bind(core.blobs);
    core.blobs.findCopies = async (asked) => {
      await putText(core, 'k', 'new');
      return await findCopies(asked);
    };
    expect((await walk()).findings).toEqual([]);
  });

  it('ends in the middle of a page with what it was told', async () => {
    await putText(core, 'k', 'text');
    const controller = new AbortController();
    core.blobs.findCopies = async () => {
      controller.abort(new Error('stopped'));
      throw controller.signal.reason;
    };
    const options = {
      bucketId: null,
      filesPerSecond: 100,
      bytesPerSecond: 1,
      level: 'ask',
    } as const;
    const step = new DataWalk(core, options).step(newDataWalkState, controller.signal);
    await expect(step).rejects.toThrow('stopped');
  });
});

describe('a walk that reads', () => {
  const wrong = Buffer.from('tixt');

  it('reads one copy of each file', async () => {
    await putText(core, 'k', 'text');
    const { state } = await walk({ level: 'read' });
    expect(state).toMatchObject({ bytesRead: 4, verdictCounts: { sound: 1 } });
  });

  it('reads every copy when it is told to', async () => {
    await putText(core, 'k', 'text');
    expect((await walk({ level: 'read-all' })).state.bytesRead).toBe(8);
  });

  it.each([
    ['read', ['a:1'], 'copy-damaged'],
    ['read', ['b:1'], 'sound'],
    ['read-all', ['b:1'], 'copy-damaged'],
    ['read', ['a:1', 'b:1'], 'damaged'],
    ['read-all', ['a:1', 'b:1'], 'damaged'],
    ['ask', ['a:1', 'b:1'], 'sound'],
  ] as const)('at level %s, with wrong bytes on %j: %s', async (level, servers, verdict) => {
    const fileId = await putText(core, 'k', 'text');
    for (const server of servers) contents.set(`${server} ${fileId}`, wrong);
    expect(await verdictOf({ level })).toEqual([verdict]);
  });

  it('asks for other copies when the one of the source is wrong', async () => {
    const fileId = await putText(core, 'k', 'text');
    contents.set(`a:1 ${fileId}`, wrong);
    core.blobs.findCopies = async (_fileId, options) =>
      copiesOf(
        ...(options?.isOneEnough ? ['present' as const] : (['present', 'present'] as const)),
      );
    expect(await verdictOf({ level: 'read' })).toEqual(['copy-damaged']);
  });

  it('does not read a copy without end', async () => {
    const fileId = await putText(core, 'k', 'text');
    contents.set(`a:1 ${fileId}`, Buffer.alloc(100));
    const { state, findings } = await walk({ level: 'read' });
    expect(state.verdictCounts['copy-damaged']).toBe(1);
    expect(findings[0]?.problem).toContain('a:1 (it has another number of bytes)');
  });

  it('does not take a server that breaks off for one that has damage', async () => {
    const fileId = await putText(core, 'k', 'text');
    copies.set(fileId, copiesOf('present'));
    core.blobs.openCopy = async () => {
      throw new Error('connection reset');
    };
    expect(await verdictOf({ level: 'read' })).toEqual(['unknown']);
  });
});
