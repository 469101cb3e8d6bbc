import { beforeEach, describe, expect, it, vi } from 'vitest';
import { BlobStoreError } from '../../../../src/blob-store/blob-store.ts';
import { accessOf } from '../../../../src/core/access/access.ts';
import { copyObject } from '../../../../src/core/copy-object.ts';
import { FileRepairer } from '../../../../src/core/replicas/file-repairer.ts';
import { IndexError } from '../../../../src/object-index/object-index.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { copiesOf } from '../../../support/file-copies.ts';
import { put } from '../../../support/put-objects.ts';
import { putText } from '../../../support/put-text.ts';

const TEXT = 'the only copy';

let core: TestCore;
let oldFileId: string;
beforeEach(async () => {
  core = await createTestCore();
  core.blobs.servers = ['a:1', 'b:1'];
  oldFileId = await putText(core, 'k', TEXT);
});

function repair(
  options: { searchesIndex?: boolean; waitMs?: number; keys?: string[]; signal?: AbortSignal } = {},
) {
  const { searchesIndex = false, waitMs = 1_000, keys = ['k'] } = options;
  const locations = keys.map((key) => ({ bucketId: core.bucket.id, key }));
  const signal = options.signal ?? new AbortController().signal;
  return new FileRepairer(core, { searchesIndex, waitMs }).repair({
    ...{ fileId: oldFileId, locations, signal },
  });
}

async function copy(to: string): Promise<void> {
  await copyObject(core, {
    source: { bucketName: 'photos', key: 'k', versionId: null, conditions: {} },
    ...{ bucket: core.bucket, key: to, access: accessOf(core.alice), metadataDirective: 'COPY' },
    description: { headers: {}, userMetadata: {} },
  });
}

const fileOf = async (key: string) =>
  (await core.index.findObject(core.bucket.id, key))?.fileId ?? '';

/** All files but those that keys refer to: each must be in the deletion queue. */
async function strays(...keys: string[]): Promise<string[]> {
  const used = await Promise.all(keys.map(fileOf));
  return [...core.blobs.files.keys()].filter((fileId) => !used.includes(fileId));
}

describe('a file that is stored anew', () => {
  it('has the same bytes, in the same group, and the old one is queued', async () => {
    const result = await repair();
    const newFileId = await fileOf('k');
    expect(result).toEqual({ outcome: 'repaired', newFileId, remainingCount: 0 });
    expect(newFileId).not.toBe(oldFileId);
    expect(core.blobs.files.get(newFileId)?.toString()).toBe(TEXT);
    expect(core.blobs.groupNames.at(-1)).toBe('group1');
    expect(await core.queued()).toEqual([oldFileId]);
  });

  it('is one file, however small segments are now', async () => {
    core = await createTestCore({ segmentSizeBytesMax: 4 });
    core.blobs.servers = ['a:1', 'b:1'];
    const whole = Buffer.from(TEXT);
    const [stored] = await core.blobs.storeBuffer(whole, {
      ...{ signal: new AbortController().signal, isOneFile: true },
    });
    oldFileId = stored?.fileId ?? '';
    await core.index.putObject({
      ...{ bucketId: core.bucket.id, key: 'k', ownerId: 'o', etag: 'e', checksum: null },
      ...{ lastModifiedMs: 1, headers: {}, userMetadata: {}, size: whole.length },
      segments: [{ fileId: oldFileId, fileOffset: 0, size: whole.length }],
    });
    await repair();
    expect(core.blobs.files.get(await fileOf('k'))).toEqual(whole);
  });

  it('goes to another group when its own cannot take it', async () => {
    const storeStream = core.blobs.storeStream.bind(core.blobs);
    vi.spyOn(core.blobs, 'storeStream').mockImplementation((content, size, options) => {
      if (options.groupName === 'group1') {
        return Promise.reject(new BlobStoreError('no-space', 'group1 is full'));
      }
      return storeStream(content, size, { ...options, groupName: 'group2' });
    });
    expect(await repair()).toMatchObject({ outcome: 'repaired' });
    expect(await fileOf('k')).toMatch(/^group2\//);
  });

  it('is used under each key that is given', async () => {
    for (const key of ['k2', 'k3']) await copy(key);
    expect(await repair({ keys: ['k', 'k3'] })).toMatchObject({ remainingCount: 1 });
    expect(await fileOf('k3')).toBe(await fileOf('k'));
    expect(await fileOf('k2')).toBe(oldFileId);
    expect(await core.queued()).toEqual([]);
  });

  it('is not stored a third time for keys that are found later', async () => {
    await copy('k2');
    await repair();
    const count = core.blobs.files.size;
    expect(await repair({ keys: ['k2'] })).toEqual({
      ...{ outcome: 'repaired', newFileId: await fileOf('k'), remainingCount: 0 },
    });
    expect(core.blobs.files.size).toBe(count);
    expect(await core.queued()).toEqual([oldFileId]);
  });

  it('takes nothing over once it is lost itself', async () => {
    await copy('k2');
    await repair();
    core.blobs.faults.copies = new Map([[await fileOf('k'), copiesOf('missing', 'missing')]]);
    expect(await repair({ keys: ['k2'], waitMs: 0 })).toMatchObject({ outcome: 'failed' });
    expect(await fileOf('k2')).toBe(oldFileId);
    expect(await core.queued()).toEqual([]);
  });

  it('is used wherever the old one is, when the whole index is searched', async () => {
    for (const key of ['k2', 'k3']) await copy(key);
    await core.index.deleteObjects(core.bucket.id, ['k']);
    expect(await repair({ searchesIndex: true })).toMatchObject({ remainingCount: 0 });
    expect(await fileOf('k2')).toBe(await fileOf('k3'));
    expect(await core.queued()).toEqual([oldFileId]);
  });
});

it('a file with very many copies is changed over in several transactions', async () => {
  const object = await core.index.findObject(core.bucket.id, 'k');
  const makeCopy = (_: unknown, number: number) =>
    core.index.copyObject({
      source: { bucketId: core.bucket.id, key: 'k' },
      sourceObjectId: object?.id ?? 0,
      destination: { bucketId: core.bucket.id, key: `k${number}` },
      ...{ ownerId: 'o', lastModifiedMs: 1, description: null },
    });
  await Promise.all(Array.from({ length: 2_500 }, makeCopy));
  const repoint = vi.spyOn(core.index, 'repointFile');
  expect(await repair({ searchesIndex: true })).toMatchObject({ remainingCount: 0 });
  const counts = repoint.mock.calls.map(([{ locations }]) => locations.length);
  expect(Math.max(...counts)).toBeLessThanOrEqual(2_000);
  expect(await fileOf('k2499')).toBe(await fileOf('k'));
  expect(await core.queued()).toEqual([oldFileId]);
});

it('a search for copies ends with the last of them', async () => {
  await copy('k2');
  const many = Array.from({ length: 2_500 }, (_, number) =>
    core.index.putObject({
      ...{ bucketId: core.bucket.id, key: `z${number}`, ownerId: 'o', etag: 'e', checksum: null },
      ...{ lastModifiedMs: 1, headers: {}, userMetadata: {}, size: 1 },
      segments: [{ fileId: `group1/M00/00/00/z${number}`, fileOffset: 0, size: 1 }],
    }),
  );
  await Promise.all(many);
  const list = vi.spyOn(core.index, 'listFileReferences');
  expect(await repair({ searchesIndex: true })).toMatchObject({ remainingCount: 0 });
  expect(list).toHaveBeenCalledTimes(1);
});

describe('nothing refers to a new file, and it is queued,', () => {
  it.each([
    ['has one copy', ['present', 'missing'] as const, /has one copy/],
    ['is in a group of one', ['present'] as const, /group of one/],
  ])('while it %s', async (_case, states, problem) => {
    core.blobs.findCopies = async () => copiesOf(...states);
    expect(await repair({ waitMs: 0 })).toMatchObject({ outcome: 'failed' });
    expect(await repair({ waitMs: 0 })).toHaveProperty('problem', expect.stringMatching(problem));
    expect(await fileOf('k')).toBe(oldFileId);
    expect((await core.queued()).length).toBe(2);
    expect(await core.queued()).toEqual(await strays('k'));
  });

  it('when the object was overwritten meanwhile', async () => {
    const findCopies = core.blobs.findCopies.bind(core.blobs);
    core.blobs.findCopies = async (fileId) => {
      await putText(core, 'k', 'newer');
      return await findCopies(fileId);
    };
    expect(await repair({ searchesIndex: true })).toEqual({ outcome: 'not-needed' });
    expect((await core.queued()).slice().sort()).toEqual((await strays('k')).sort());
    expect((await core.queued()).length).toBe(2);
  });

  it('when the index refuses', async () => {
    const error = new IndexError('overloaded', 'too many writes');
    vi.spyOn(core.index, 'repointFile').mockRejectedValue(error);
    expect(await repair()).toEqual({ outcome: 'failed', problem: 'too many writes' });
    expect(await core.queued()).toEqual(await strays('k'));
  });

  it('when the work is ended', async () => {
    const controller = new AbortController();
    core.blobs.findCopies = async () => {
      controller.abort(new Error('stopped'));
      return copiesOf('present', 'missing');
    };
    await expect(repair({ signal: controller.signal })).rejects.toThrow('stopped');
    expect(await core.queued()).toEqual(await strays('k'));
    expect((await core.queued()).length).toBe(1);
  });
});

it('a file stays when nobody knows whether something refers to it', async () => {
  const error = new IndexError('failed', 'disk', { mayBeCommitted: true });
  vi.spyOn(core.index, 'repointFile').mockRejectedValue(error);
  expect(await repair()).toEqual({ outcome: 'failed', problem: 'disk' });
  expect(await core.queued()).toEqual([]);
});

it('a file stays that something refers to, whatever fails later', async () => {
  await copy('k2');
  vi.spyOn(core.index, 'listFileReferences').mockRejectedValue(new IndexError('failed', 'disk'));
  expect(await repair({ searchesIndex: true })).toEqual({ outcome: 'failed', problem: 'disk' });
  expect(await fileOf('k')).not.toBe(oldFileId);
  expect(await core.queued()).toEqual([]);
});

it('damaged bytes are not stored anew', async () => {
  core.blobs.files.set(oldFileId, Buffer.from(TEXT.replace('o', '0')));
  const result = await repair();
  expect(result).toHaveProperty('problem', expect.stringMatching(/is damaged/));
  expect([...core.blobs.files.keys()]).toEqual([oldFileId]);
});

it('a file that waits for its deletion is left alone', async () => {
  await core.index.deleteObjects(core.bucket.id, ['k']);
  const open = vi.spyOn(core.blobs, 'open');
  expect(await repair()).toEqual({ outcome: 'not-needed' });
  expect(open).not.toHaveBeenCalled();
});

it('a repair that somebody else has done meanwhile is taken over', async () => {
  await copy('k2');
  const other = new FileRepairer(core, { searchesIndex: false });
  const signal = new AbortController().signal;
  const locations = [{ bucketId: core.bucket.id, key: 'k2' }];
  const findCopies = core.blobs.findCopies.bind(core.blobs);
  core.blobs.findCopies = async (fileId) => {
    core.blobs.findCopies = findCopies;
    await other.repair({ fileId: oldFileId, locations, signal });
    return await findCopies(fileId);
  };
  expect(await repair()).toMatchObject({ outcome: 'repaired', remainingCount: 0 });
  expect(await fileOf('k')).toBe(await fileOf('k2'));
  expect((await core.queued()).slice().sort()).toEqual((await strays('k')).sort());
});

it('a file that people know by its ID stays as it is, and is reported', async () => {
  const { fileId } = await put(core, { key: 'k', named: { extension: 'jpg' } });
  oldFileId = fileId ?? '';
  const count = core.blobs.files.size;
  const result = await repair();
  expect(result).toMatchObject({ outcome: 'failed', problem: expect.stringContaining('its ID') });
  expect(await fileOf('k')).toBe(fileId);
  expect(core.blobs.files.size).toBe(count);
});
