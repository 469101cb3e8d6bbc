import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlobStore, StoreOptions } from '../../../src/blob-store/blob-store.ts';
import {
  FASTDFS_DEFAULTS,
  openFastdfsBlobStore,
} from '../../../src/blob-store/fastdfs-blob-store.ts';
import { startTestNode, type TestNode } from '../../support/embedded-node.ts';
import { inChunks, neverAborted } from './harness.ts';

const signal = neverAborted;
const content = randomBytes(50_000);

let node: TestNode;
let store: BlobStore;

beforeEach(async () => {
  node = await startTestNode();
  const trackers = [node.trackerAddress];
  store = openFastdfsBlobStore({ ...FASTDFS_DEFAULTS, trackers, segmentSizeBytesMax: 20_000 });
});

afterEach(async () => {
  await store.close();
  await node.remove();
});

async function storeOne(options: Partial<StoreOptions>, isStreamed = false): Promise<string> {
  const all = { signal, isOneFile: true, ...options };
  const files = isStreamed
    ? await store.storeStream(inChunks(content, 7000), content.length, all)
    : await store.storeBuffer(content, all);
  expect(files).toHaveLength(1);
  return files[0]?.fileId ?? '';
}

async function read(fileId: string): Promise<Buffer> {
  return buffer(await store.open([{ fileId, offset: 0, size: content.length }], { signal }));
}

describe('a file that is known by its ID', () => {
  it.each([
    ['jpg', false, /^group1\/M00\/00\/00\/[\w-]{27}\d{3}\.jpg$/],
    ['tar.gz', true, /\.tar\.gz$/],
    ['', true, /\/[\w-]{34}$/],
  ])('ends in its extension %j', async (extension, isStreamed, pattern) => {
    const fileId = await storeOne({ extension }, isStreamed);
    expect(fileId).toMatch(pattern);
    expect((await read(fileId)).equals(content)).toBe(true);
  });
});

describe.each([
  ['at hand', false],
  ['streamed', true],
])('a slave file of content %s', (_, isStreamed) => {
  it('has the name that follows from its master', async () => {
    const masterFileId = await storeOne({ extension: 'jpg' });
    const slaveOf = { masterFileId, prefix: '_150x150' };
    const fileId = await storeOne({ extension: 'png', slaveOf }, isStreamed);
    expect(fileId).toBe(masterFileId.replace('.jpg', '_150x150.png'));
    expect(store.slaveFileId(slaveOf, 'png')).toBe(fileId);
    expect((await read(fileId)).equals(content)).toBe(true);
    await store.delete(fileId, { signal });
    await expect(read(fileId)).rejects.toMatchObject({ reason: 'not-found' });
    expect((await read(masterFileId)).equals(content)).toBe(true);
  });

  it('is refused where one is, and without a master', async () => {
    const masterFileId = await storeOne({ extension: 'jpg' });
    const slaveOf = { masterFileId, prefix: '-s' };
    const stored: string[] = [];
    await storeOne({ slaveOf }, isStreamed);
    const onStored = ({ fileId }: { fileId: string }) => stored.push(fileId);
    const again = storeOne({ slaveOf, onStored }, isStreamed);
    await expect(again).rejects.toMatchObject({ reason: 'exists' });
    // Whoever cleans up after the failure must not delete the first one.
    expect(stored).toEqual([]);
    await store.delete(masterFileId, { signal });
    const orphan = storeOne({ slaveOf: { masterFileId, prefix: '-t' } }, isStreamed);
    await expect(orphan).rejects.toMatchObject({ reason: 'not-found' });
  });
});

describe('no slave file', () => {
  it.each([
    ['', 'jpg'],
    ['_a/b', 'jpg'],
    ['_12345678901234567', 'jpg'],
    ['_a', 'jp/g'],
    ['-m', ''],
    // As long as the name of a master, which tells a size and a checksum: these digits fill the gap
    // that the extension left.
    ['1234', ''],
  ])('has prefix %j and extension %j', async (prefix, extension) => {
    const masterFileId = await storeOne({ extension: 'abc' });
    const naming = () => store.slaveFileId({ masterFileId, prefix }, extension);
    expect(naming).toThrow(expect.objectContaining({ reason: 'refused' }));
  });

  it('has a slave as its master, or what is no file', async () => {
    const masterFileId = await storeOne({ extension: 'jpg' });
    const slave = store.slaveFileId({ masterFileId, prefix: '_a' }, 'jpg');
    expect(() => store.slaveFileId({ masterFileId: slave, prefix: '_b' }, '')).toThrow('slave');
    expect(() => store.slaveFileId({ masterFileId: 'group1/x', prefix: '_b' }, '')).toThrow(
      expect.objectContaining({ reason: 'not-found' }),
    );
  });
});
