import { expect, it, vi } from 'vitest';
import { deleteFile } from '../../../src/fastdfs/protocol/commands/delete-file.ts';
import { downloadFile } from '../../../src/fastdfs/protocol/commands/download-file.ts';
import { uploadFile } from '../../../src/fastdfs/protocol/commands/upload-file.ts';
import type { FakeStorage } from '../../support/fake-cluster.ts';
import { at, type Bench, neverAborted, startBench, storeOne } from './harness.ts';

const signal = neverAborted;
const content = Buffer.alloc(10, 3);
const EIO = 5;

/** Two servers of a group, of which the tracker names the first; its cool-off is short. */
async function startProbeBench(): Promise<Bench & { first: FakeStorage; second: FakeStorage }> {
  const settings = { avoidFailedServerMs: 1, clusterViewRefreshMs: 60_000 };
  const bench = await startBench({ group1: 2 }, settings);
  const [first, second] = [at(bench.storages, 0), at(bench.storages, 1)];
  bench.tracker.named = first;
  return { ...bench, first, second };
}

/** Lets the server refuse one command, and waits until it may be tried again. */
async function failOnce(
  bench: Bench,
  { server, code, use }: { server: FakeStorage; code: number; use: 'read' | 'write' },
  request: () => Promise<unknown>,
): Promise<void> {
  server.intercept = (peer, request) => {
    if (request.code !== code) return false;
    peer.answer(EIO);
    return true;
  };
  await request().catch(() => {});
  server.intercept = () => false;
  await vi.waitFor(async () => {
    const { groups } = await bench.store.clusterState();
    expect(groups[0]?.storageServers[0]?.breakers[use]).toBe('half-open');
  });
}

/** Cancels the request when the server has it, which never answers. */
async function cancelAt(
  server: FakeStorage,
  code: number,
  request: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const cancelling = new AbortController();
  server.intercept = (_peer, request) => {
    if (request.code !== code) return false;
    cancelling.abort(new Error('the client is gone'));
    return true;
  };
  await expect(request(cancelling.signal)).rejects.toThrow('the client is gone');
  server.intercept = () => false;
}

it('is tried by the next upload when the content of one that tried it broke off', async () => {
  const bench = await startProbeBench();
  const { store, first } = bench;
  const failing = { server: first, code: uploadFile.code, use: 'write' } as const;
  await failOnce(bench, failing, () => store.storeBuffer(content, { signal }));
  async function* broken() {
    yield content;
    throw new Error('the client is gone');
  }
  await expect(store.storeStream(broken(), 20, { signal })).rejects.toThrow('the client is gone');
  await store.storeBuffer(content, { signal });
  expect(first.files.size).toBe(1);
});

it('is tried by the next read when one that tried it was given up', async () => {
  const bench = await startProbeBench();
  const { store, first, second } = bench;
  const piece = await storeOne(bench, content);
  const failing = { server: first, code: downloadFile.code, use: 'read' } as const;
  await failOnce(bench, failing, () => store.read(piece, { signal }));
  await cancelAt(first, downloadFile.code, (cancelled) => store.read(piece, { signal: cancelled }));
  const before = second.requests.length;
  expect(await store.read(piece, { signal })).toEqual(content);
  expect(second.requests).toHaveLength(before);
});

it('is tried by the next read when a deletion that tried it was given up', async () => {
  const bench = await startProbeBench();
  const { store, first, second } = bench;
  const [piece, another] = [await storeOne(bench, content), await storeOne(bench, content)];
  const failing = { server: first, code: downloadFile.code, use: 'read' } as const;
  await failOnce(bench, failing, () => store.read(piece, { signal }));
  await cancelAt(first, deleteFile.code, (cancelled) =>
    store.delete(another.fileId, { signal: cancelled }),
  );
  const before = second.requests.length;
  expect(await store.read(piece, { signal })).toEqual(content);
  expect(second.requests).toHaveLength(before);
});
