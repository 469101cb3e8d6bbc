import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { type GetObjectRequest, getObject, headObject } from '../../../src/core/get-object.ts';
import { putObject } from '../../../src/core/put-object.ts';
import { Reaper } from '../../../src/core/reaper.ts';
import { createTestCore, deleteDelayMs, type TestCore } from '../../support/core-services.ts';
import { bytesOf, incomingContent } from '../../support/incoming-content.ts';

const content = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
const signal = new AbortController().signal;

/** `cat.jpg` in ten files of 100 bytes, `empty` in none, `small` in one. */
async function createFilledCore(): Promise<TestCore> {
  const core = await createTestCore({ segmentSizeBytesMax: 100 });
  await put(core, 'cat.jpg', content);
  await put(core, 'empty', Buffer.alloc(0));
  await put(core, 'small', content.subarray(0, 50));
  return core;
}

function put(core: TestCore, key: string, bytes: Buffer) {
  return putObject(core, {
    bucket: core.bucket,
    key,
    caller: core.alice,
    description: { headers: {}, userMetadata: {} },
    content: incomingContent(bytes),
    signal,
  });
}

function read(core: TestCore, request: Partial<GetObjectRequest>): GetObjectRequest {
  return {
    bucket: core.bucket,
    key: 'cat.jpg',
    versionId: null,
    conditions: {},
    range: null,
    partNumber: null,
    ...request,
  };
}

describe('the bytes of an object', () => {
  it.each([
    ['all', null, 0, 1000],
    ['inside one file', { first: 110, last: 120 }, 110, 121],
    ['one byte', { first: 100, last: 100 }, 100, 101],
    ['up to the end of a file', { first: 150, last: 199 }, 150, 200],
    ['over several files', { first: 99, last: 400 }, 99, 401],
    ['from an offset', { first: 950, last: null }, 950, 1000],
    ['beyond the end', { first: 990, last: 5000 }, 990, 1000],
    ['the last ones', { suffixSize: 101 }, 899, 1000],
    ['more than all', { suffixSize: 5000 }, 0, 1000],
  ] as const)('%s', async (_name, range, start, end) => {
    const core = await createFilledCore();
    const { body } = await getObject(core, read(core, { range }), signal);
    expect(await bytesOf(body)).toEqual(content.subarray(start, end));
  });

  it('of a single file need no segments', async () => {
    const core = await createFilledCore();
    const request = read(core, { key: 'small', range: { first: 10, last: 19 } });
    const { body } = await getObject(core, request, signal);
    expect(await bytesOf(body)).toEqual(content.subarray(10, 20));
  });

  it('of an empty object are none, and no file is opened', async () => {
    const core = await createFilledCore();
    core.blobs.onOpen = () => Promise.reject(new Error('a file was opened'));
    const found = await getObject(core, read(core, { key: 'empty' }), signal);
    expect(found).toMatchObject({ body: null, range: null, object: { size: 0 } });
  });

  it.each([
    ['empty', { first: 0, last: 0 }, 'bytes=0-0', 0],
    ['empty', { suffixSize: 5 }, 'bytes=-5', 0],
    ['cat.jpg', { first: 1000, last: null }, 'bytes=1000-', 1000],
    ['cat.jpg', { suffixSize: 0 }, 'bytes=-0', 1000],
  ])('%s has none in %j', async (key, range, requested, size) => {
    const core = await createFilledCore();
    await expect(getObject(core, read(core, { key, range }), signal)).rejects.toMatchObject({
      code: 'InvalidRange',
      facts: { RangeRequested: requested, ActualObjectSize: size },
    });
  });

  it('ignores the range when If-Range does not accept the object', async () => {
    const core = await createFilledCore();
    const request = read(core, { range: { first: 0, last: 1 }, ifRange: () => false });
    expect((await headObject(core, request)).range).toBeNull();
  });
});

describe('an object that changes while it is opened', () => {
  it('the new one is read when its file is gone', async () => {
    const core = await createFilledCore();
    let isReplaced = false;
    core.blobs.onOpen = async () => {
      if (isReplaced) return;
      isReplaced = true;
      await put(core, 'small', Buffer.from('new'));
      core.blobs.files.delete((await core.queued())[0] ?? '');
    };
    const { body, object } = await getObject(core, read(core, { key: 'small' }), signal);
    expect((await bytesOf(body)).toString()).toBe('new');
    expect(object.size).toBe(3);
  });

  it('its new file is read when the old one was stored anew', async () => {
    const core = await createFilledCore();
    const { id, fileId } = (await core.index.findObject(core.bucket.id, 'small')) ?? {};
    const newFileId = 'group1/M00/00/00/anew';
    core.blobs.onOpen = async () => {
      const locations = [{ bucketId: core.bucket.id, key: 'small' }];
      await core.index.repointFile({ oldFileId: fileId ?? '', newFileId, locations });
      core.blobs.files.set(newFileId, content.subarray(0, 50));
      core.blobs.files.delete(fileId ?? '');
    };
    const { body, object } = await getObject(core, read(core, { key: 'small' }), signal);
    expect(await bytesOf(body)).toEqual(content.subarray(0, 50));
    expect(object).toMatchObject({ id, fileId: newFileId });
  });

  it('deleted meanwhile, it is NoSuchKey', async () => {
    const core = await createFilledCore();
    core.blobs.onOpen = async () => {
      await core.index.deleteObjects(core.bucket.id, ['small']);
      core.blobs.files.clear();
    };
    const opened = getObject(core, read(core, { key: 'small' }), signal);
    await expect(opened).rejects.toMatchObject({ code: 'NoSuchKey' });
  });

  it('whose file is missing for good is a failure of ours, not a 404', async () => {
    const core = await createFilledCore();
    core.blobs.files.clear();
    const opened = getObject(core, read(core, { key: 'small' }), signal);
    await expect(opened).rejects.toMatchObject({ name: 'BlobStoreError', reason: 'not-found' });
  });

  it('never looks shorter than it is', async () => {
    const indexFaults = {
      listSegments: async () => [{ fileId: 'f', fileOffset: 0, size: 100, startOffset: 50 }],
    };
    const core = await createTestCore({ segmentSizeBytesMax: 100, indexFaults });
    await put(core, 'cat.jpg', content);
    const opened = getObject(core, read(core, {}), signal);
    await expect(opened).rejects.toMatchObject({ reason: 'not-found' });
  });
});

describe('the files of an object that is deleted while it is read', () => {
  /** Deletes the object and everything that is due, with the reader in the middle of the body. */
  async function deleteUnderReader(core: TestCore, key: string): Promise<void> {
    await core.index.deleteObjects(core.bucket.id, [key]);
    core.clock.nowMs += deleteDelayMs;
    await new Reaper(core).runOnce();
  }

  it('stay until the last byte has been read', async () => {
    const core = await createFilledCore();
    const { body } = await getObject(core, read(core, {}), signal);
    await deleteUnderReader(core, 'cat.jpg');
    expect(await bytesOf(body)).toEqual(content);
    core.clock.nowMs += deleteDelayMs;
    await vi.waitFor(() => expect(core.openFiles.count).toBe(0));
    await new Reaper(core).runOnce();
    expect(await core.index.countDeletions()).toBe(0);
    expect(core.blobs.files.size).toBe(1);
  });

  it('are let go when the reader leaves', async () => {
    const core = await createFilledCore();
    const { body } = await getObject(core, read(core, {}), signal);
    expect(core.openFiles.count).toBe(10);
    if (body instanceof Readable) body.destroy();
    await vi.waitFor(() => expect(core.openFiles.count).toBe(0));
  });

  it('are let go when they cannot be opened', async () => {
    const core = await createFilledCore();
    core.blobs.files.clear();
    for (const key of ['cat.jpg', 'small']) {
      await expect(getObject(core, read(core, { key }), signal)).rejects.toThrow();
    }
    expect(core.openFiles.count).toBe(0);
  });

  it('are let go when a small file was read whole', async () => {
    const core = await createFilledCore();
    let openCount = 0;
    core.blobs.onOpen = async () => {
      openCount = core.openFiles.count;
    };
    await getObject(core, read(core, { key: 'small' }), signal);
    expect([openCount, core.openFiles.count]).toEqual([1, 0]);
  });
});

describe('which object', () => {
  it.each([
    ['dog.jpg', null, 'NoSuchKey'],
    ['dog.jpg', 'null', 'NoSuchVersion'],
    ['cat.jpg', 'a'.repeat(32), 'NoSuchVersion'],
    ['cat.jpg', 'v1', 'InvalidArgument'],
    ['cat.jpg', '', 'InvalidArgument'],
  ])('%s, version %j: %s', async (key, versionId, code) => {
    const core = await createFilledCore();
    const found = headObject(core, read(core, { key, versionId }));
    await expect(found).rejects.toMatchObject({ code });
  });

  it('version null is the only one', async () => {
    const core = await createFilledCore();
    const found = await headObject(core, read(core, { versionId: 'null' }));
    expect(found.object.key).toBe('cat.jpg');
  });
});

describe('conditions', () => {
  it('not modified: no body and no file opened', async () => {
    const core = await createFilledCore();
    core.blobs.onOpen = () => Promise.reject(new Error('a file was opened'));
    const conditions = { ifNoneMatch: ['*'] };
    const found = await getObject(core, read(core, { conditions }), signal);
    expect(found).toMatchObject({ isNotModified: true, body: null });
  });

  it('not met: PreconditionFailed names the condition', async () => {
    const core = await createFilledCore();
    const found = headObject(core, read(core, { conditions: { ifMatch: ['x'] } }));
    await expect(found).rejects.toMatchObject({
      code: 'PreconditionFailed',
      facts: { Condition: 'If-Match' },
    });
  });
});

describe('part numbers of an object that was not uploaded in parts', () => {
  it('1 is the whole object', async () => {
    const core = await createFilledCore();
    expect(await headObject(core, read(core, { partNumber: 1 }))).toMatchObject({
      range: { start: 0, size: 1000 },
      part: { partNumber: 1, partCount: null },
    });
  });

  it('2 is not there', async () => {
    const core = await createFilledCore();
    await expect(headObject(core, read(core, { partNumber: 2 }))).rejects.toMatchObject({
      code: 'InvalidPartNumber',
      facts: { ActualPartCount: 1, PartNumberRequested: 2 },
    });
  });
});
