import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { DeclaredDigests } from '../../../src/core/incoming-content.ts';
import { type PutObjectRequest, putObject } from '../../../src/core/put-object.ts';
import { IndexError } from '../../../src/object-index/object-index.ts';
import type { ChecksumAlgorithm } from '../../../src/object-index/records.ts';
import { createTestCore, type TestCore } from '../../support/core-services.ts';
import { incomingContent } from '../../support/incoming-content.ts';

const small = Buffer.from('a small body');
const large = Buffer.from(Array.from({ length: 10_000 }, (_, index) => index % 251));
const noDescription = { headers: {}, userMetadata: {} };

function put(core: TestCore, request: Partial<PutObjectRequest>) {
  return putObject(core, {
    bucket: core.bucket,
    key: 'cat.jpg',
    caller: core.alice,
    description: noDescription,
    content: incomingContent(small),
    signal: new AbortController().signal,
    ...request,
  });
}

/** A large body in pieces of 1000 bytes. */
function inChunks(
  content: Buffer,
  options: {
    readonly size?: number;
    readonly declared?: DeclaredDigests;
    readonly checksumAlgorithm?: ChecksumAlgorithm;
  } = {},
) {
  const chunks: Buffer[] = [];
  for (let at = 0; at < content.length; at += 1000) chunks.push(content.subarray(at, at + 1000));
  return incomingContent(chunks, { size: content.length, ...options });
}

async function expectNothingLeft(core: TestCore) {
  expect(await core.keys()).toEqual([]);
  expect([...core.blobs.files.keys()].sort()).toEqual([...(await core.queued())].sort());
}

describe('a write that cannot end', () => {
  it.each([
    ['small', small],
    ['large', large],
  ])('%s: a storage server that fails leaves nothing visible', async (_name, content) => {
    const core = await createTestCore({ segmentSizeBytesMax: 4000 });
    core.blobs.faults.storeFailsAfterBytes = content.length / 2;
    await expect(put(core, { content: inChunks(content) })).rejects.toMatchObject({
      reason: 'unavailable',
    });
    await expectNothingLeft(core);
  });

  it.each([
    ['small', small],
    ['large', large],
  ])(
    '%s: files that were stored in vain are queued though the write succeeds',
    async (_name, content) => {
      const core = await createTestCore({ segmentSizeBytesMax: 4000 });
      core.blobs.faults.damagesFirstTry = true;
      await put(core, { content: inChunks(content) });
      expect(await core.keys()).toEqual(['cat.jpg']);
      const queued = await core.queued();
      expect(queued).toHaveLength(core.blobs.files.size / 2);
      for (const fileId of queued) core.blobs.files.delete(fileId);
      expect(Buffer.concat([...core.blobs.files.values()]).equals(content)).toBe(true);
    },
  );

  it('no storage server: the body is not even asked for', async () => {
    const core = await createTestCore();
    core.blobs.faults.storeUnavailable = true;
    let isOpened = false;
    const content = {
      ...inChunks(large),
      open: () => {
        isOpened = true;
        throw new Error();
      },
    };
    await expect(put(core, { content })).rejects.toMatchObject({ reason: 'unavailable' });
    expect(isOpened).toBe(false);
  });

  it.each([
    ['before its body', 0],
    ['in mid-body', 5],
    ['after its last byte', 10],
  ])('a client that aborts %s leaves nothing visible', async (_name, chunkCount) => {
    const core = await createTestCore({ segmentSizeBytesMax: 4000 });
    const abort = new AbortController();
    const content = incomingContent(
      (async function* () {
        for (let count = 0; count < 10; count += 1) {
          if (count === chunkCount) abort.abort();
          yield large.subarray(count * 1000, (count + 1) * 1000);
        }
        if (chunkCount === 10) abort.abort();
      })(),
      { size: large.length },
    );
    await expect(put(core, { content, signal: abort.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    await expectNothingLeft(core);
  });

  it('a client that aborts while it sends nothing does not hang the write', async () => {
    const core = await createTestCore();
    const abort = new AbortController();
    const body = new Readable({ read: () => setImmediate(() => abort.abort()) });
    body.push(large.subarray(0, 1000));
    const content = { ...inChunks(large), open: () => body };
    await expect(put(core, { content, signal: abort.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
    await expectNothingLeft(core);
  });

  it.each([
    ['no-such-bucket', 'NoSuchBucket'],
    ['no-such-key', 'NoSuchKey'],
    ['precondition-failed', 'PreconditionFailed'],
  ] as const)('the index says %s: the files are queued', async (outcome, code) => {
    const indexFaults = { putObject: async () => ({ outcome }) };
    const core = await createTestCore({ segmentSizeBytesMax: 4000, indexFaults });
    await expect(put(core, { content: inChunks(large) })).rejects.toMatchObject({ code });
    expect(core.blobs.files.size).toBe(3);
    await expectNothingLeft(core);
  });

  it.each(['full', 'overloaded', 'failed'] as const)(
    'the index is or has %s and did not commit: the files are queued',
    async (reason) => {
      const indexFaults = { putObject: () => Promise.reject(new IndexError(reason, reason)) };
      const core = await createTestCore({ indexFaults });
      await expect(put(core, {})).rejects.toMatchObject({ reason });
      expect(core.blobs.files.size).toBe(1);
      await expectNothingLeft(core);
    },
  );

  it('the index fails and may have committed: the files stay', async () => {
    const lost = new IndexError('failed', 'disk', { mayBeCommitted: true });
    const indexFaults = { putObject: () => Promise.reject(lost) };
    const core = await createTestCore({ indexFaults });
    await expect(put(core, {})).rejects.toMatchObject({ reason: 'failed' });
    expect(core.blobs.files.size).toBe(1);
    expect(await core.queued()).toEqual([]);
  });

  it('a queue that takes nothing hides nothing: the first error is told', async () => {
    const indexFaults = {
      putObject: async () => ({ outcome: 'precondition-failed' as const }),
      queueDeletions: () => Promise.reject(new IndexError('overloaded', 'full queue')),
    };
    const core = await createTestCore({ indexFaults });
    await expect(put(core, {})).rejects.toMatchObject({ code: 'PreconditionFailed' });
  });
});
