import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { storeContent } from '../../../src/core/store-content.ts';
import { writeDurationMsMax } from '../../../src/core/write-duration.ts';
import { IndexError } from '../../../src/object-index/object-index.ts';
import { createTestCore } from '../../support/core-services.ts';
import { incomingContent } from '../../support/incoming-content.ts';
import {
  expectNothingLeft,
  inChunks,
  largeBody,
  put,
  smallBody,
} from '../../support/put-objects.ts';

describe('a write that cannot end', () => {
  it.each([
    ['small', smallBody],
    ['large', largeBody],
  ])('%s: a storage server that fails leaves nothing visible', async (_name, content) => {
    const core = await createTestCore({ segmentSizeBytesMax: 4000 });
    core.blobs.faults.storeFailsAfterBytes = content.length / 2;
    await expect(put(core, { content: inChunks(content) })).rejects.toMatchObject({
      reason: 'unavailable',
    });
    await expectNothingLeft(core);
  });

  it.each([
    ['small', smallBody],
    ['large', largeBody],
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

  it.each([
    ['as long as it may', writeDurationMsMax, ['cat.jpg']],
    ['longer', writeDurationMsMax + 1, []],
  ])('one that takes %s', async (_name, durationMs, keys) => {
    const core = await createTestCore({ segmentSizeBytesMax: 4000 });
    const content = incomingContent(
      (async function* () {
        yield largeBody;
        core.clock.nowMs += durationMs;
      })(),
      { size: largeBody.length },
    );
    const error = await put(core, { content }).catch((reason) => reason);
    expect(await core.keys()).toEqual(keys);
    if (keys.length > 0) return;
    expect(error).toMatchObject({ code: 'RequestTimeout' });
    expect(await core.queued()).toHaveLength(core.blobs.files.size);
  });

  it('no storage server: the body is not even asked for', async () => {
    const core = await createTestCore();
    core.blobs.faults.storeUnavailable = true;
    let isOpened = false;
    const content = {
      ...inChunks(largeBody),
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
          yield largeBody.subarray(count * 1000, (count + 1) * 1000);
        }
        if (chunkCount === 10) abort.abort();
      })(),
      { size: largeBody.length },
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
    body.push(largeBody.subarray(0, 1000));
    const content = { ...inChunks(largeBody), open: () => body };
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
    await expect(put(core, { content: inChunks(largeBody) })).rejects.toMatchObject({ code });
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

describe('what is prepared before a write is published', () => {
  it('refuses it with whatever error, and nothing is left', async () => {
    const core = await createTestCore();
    const refusal = new Error('refused');
    const options = {
      signal: new AbortController().signal,
      groupName: null,
      needsQetag: true,
      prepare: async ({
        size,
        qetag,
      }: {
        readonly size: number;
        readonly qetag: string | null;
      }) => {
        expect(size).toBe(smallBody.length);
        expect(qetag).toMatch(/^F[\w-]{27}$/);
        throw refusal;
      },
    };
    let isPublished = false;
    const stored = storeContent(core, incomingContent(smallBody), options, async () => {
      isPublished = true;
    });
    await expect(stored).rejects.toBe(refusal);
    expect(isPublished).toBe(false);
    await expectNothingLeft(core);
  });
});
