import { describe, expect, it } from 'vitest';
import { getObject } from '../../../src/core/get-object.ts';
import type { ReadConditions } from '../../../src/core/preconditions.ts';
import { putObject } from '../../../src/core/put-object.ts';
import { createTestCore } from '../../support/core-services.ts';
import { bytesOf, incomingContent } from '../../support/incoming-content.ts';

/** Stores content that was announced as `announced` bytes, give or take `tolerance`. */
async function put(content: string, announced: number, tolerance: number) {
  const core = await createTestCore({ replayBufferSizeBytes: 4, segmentSizeBytesMax: 10 });
  const pieces = content.match(/.{1,3}/g) ?? [];
  const body = incomingContent(
    pieces.map((piece) => Buffer.from(piece)),
    { size: announced },
  );
  const { bucket, alice: caller } = core;
  const { signal } = new AbortController();
  const stored = putObject(core, {
    bucket,
    key: 'k',
    caller,
    description: { headers: {}, userMetadata: {} },
    content: { ...body, sizeToleranceBytes: tolerance },
    signal,
  });
  return { core, stored };
}

async function read(core: Awaited<ReturnType<typeof createTestCore>>): Promise<string> {
  const request = {
    bucket: core.bucket,
    key: 'k',
    versionId: null,
    conditions: {} as ReadConditions,
    range: null,
    partNumber: null,
  };
  const { signal } = new AbortController();
  const { body } = await getObject(core, request, signal);
  return String(await bytesOf(body));
}

describe('content whose size is nearly known', () => {
  it.each([
    ['exactly as announced', 'abcdefgh', 8, 'one whole file'],
    ['shorter in its only file', 'abcdef', 8, 'one part of a file'],
    ['longer than its only file', 'abcdefghij', 8, 'two files'],
    ['shorter by a whole file', 'abcdefghij', 13, 'one whole file'],
    ['shorter in its second file', 'abcdefghijkl', 15, 'two files'],
    ['short enough for memory', 'abcd', 4, 'one whole file'],
    ['longer than announced in memory', 'abcdef', 4, 'one whole file'],
    ['shorter than announced in memory', 'ab', 4, 'one whole file'],
    ['nothing at all', '', 3, 'no file'],
  ])('is read back as it came: %s', async (_name, content, announced, files) => {
    const { core, stored } = await put(content, announced, 4);
    const object = await stored;
    expect(object.size).toBe(content.length);
    expect(await read(core)).toBe(content);
    expect(object.fileId !== null).toBe(files === 'one whole file');
    const queued = await core.queued();
    const used = [...core.blobs.files.keys()].filter((fileId) => !queued.includes(fileId));
    expect(used).toHaveLength({ no: 0, one: 1, two: 2 }[files.split(' ')[0] as 'no']);
  });

  it.each([
    ['abc', 8],
    ['abcdefghijklmn', 8],
    ['abcdefghi', 4],
  ])('%s for %d bytes is IncompleteBody, and no file stays', async (content, announced) => {
    const { core, stored } = await put(content, announced, 4);
    await expect(stored).rejects.toMatchObject({ code: 'IncompleteBody' });
    expect(await core.keys()).toEqual([]);
    expect(await core.queued()).toEqual([...core.blobs.files.keys()]);
  });
});
