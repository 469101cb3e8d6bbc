import { expect } from 'vitest';
import type { DeclaredDigests } from '../../src/core/incoming-content.ts';
import { type PutObjectRequest, putObject } from '../../src/core/put-object.ts';
import type { ChecksumAlgorithm, ObjectRecord } from '../../src/object-index/records.ts';
import { createTestCore, type TestCore } from './core-services.ts';
import { incomingContent } from './incoming-content.ts';

/** A body that is read whole before it is stored, and one that is streamed. */
export const smallBody = Buffer.from('a small body');
export const largeBody = Buffer.from(Array.from({ length: 10_000 }, (_, index) => index % 251));
const noDescription = { headers: {}, userMetadata: {} };

/** Puts alice's `photos/cat.jpg` unless told otherwise. */
export function put(
  core: TestCore,
  request: Partial<PutObjectRequest> = {},
): Promise<ObjectRecord> {
  return putObject(core, {
    bucket: core.bucket,
    key: 'cat.jpg',
    caller: core.alice,
    description: noDescription,
    content: incomingContent(smallBody),
    signal: new AbortController().signal,
    ...request,
  });
}

/** A body in pieces of 1000 bytes. */
export function inChunks(
  content: Buffer,
  options: {
    readonly size?: number;
    readonly declared?: DeclaredDigests;
    readonly checksumAlgorithm?: ChecksumAlgorithm;
  } = {},
): ReturnType<typeof incomingContent> {
  const chunks: Buffer[] = [];
  for (let at = 0; at < content.length; at += 1000) chunks.push(content.subarray(at, at + 1000));
  return incomingContent(chunks, { size: content.length, ...options });
}

/** No key is there, and every file that is waits for its deletion. */
export async function expectNothingLeft(core: TestCore): Promise<void> {
  expect(await core.keys()).toEqual([]);
  expect([...core.blobs.files.keys()].sort()).toEqual([...(await core.queued())].sort());
}

/** Core with an object under each key, whose content is the key. */
export async function coreWithKeys(...keys: readonly string[]): Promise<TestCore> {
  const core = await createTestCore();
  for (const key of keys) await put(core, { key, content: incomingContent(key) });
  return core;
}
