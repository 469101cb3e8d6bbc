import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { downloadFile } from '../../../src/fastdfs/protocol/commands/download-file.ts';
import { encodeResponseHeader } from '../../../src/fastdfs/protocol/frame.ts';
import { at, type Bench, neverAborted as signal, startBench } from './harness.ts';

const NOT_FOUND = 2;
const content = randomBytes(3000);

/** One file on both storage servers of a group. */
async function startWithFile(): Promise<{ bench: Bench; fileId: string }> {
  const bench = await startBench({ group1: 2 }, { segmentSizeBytesMax: 1024 * 1024 });
  const [file] = await bench.store.storeBuffer(content, { signal });
  for (const [name, bytes] of at(bench.storages, 0).files)
    at(bench.storages, 1).files.set(name, bytes);
  return { bench, fileId: file?.fileId ?? '' };
}

it('gives all bytes of a range', async () => {
  const { bench, fileId } = await startWithFile();
  const bytes = await bench.store.read({ fileId, offset: 1000, size: 1500 }, { signal });
  expect(bytes.equals(content.subarray(1000, 2500))).toBe(true);
});

it('goes on at another storage server when one breaks off in mid-body', async () => {
  const { bench, fileId } = await startWithFile();
  at(bench.storages, 0).intercept = (peer, { code }) => {
    if (code !== downloadFile.code) return false;
    peer.write(encodeResponseHeader(0, content.length));
    peer.socket.end(content.subarray(0, 700));
    return true;
  };
  const bytes = await bench.store.read({ fileId, offset: 0, size: content.length }, { signal });
  expect(bytes.equals(content)).toBe(true);
});

it('rejects when no storage server has the file', async () => {
  const { bench, fileId } = await startWithFile();
  for (const storage of bench.storages) {
    storage.intercept = (peer) => {
      peer.answer(NOT_FOUND);
      return true;
    };
  }
  await expect(
    bench.store.read({ fileId, offset: 0, size: content.length }, { signal }),
  ).rejects.toMatchObject({ reason: 'not-found' });
});
