import { describe, expect, it } from 'vitest';
import type { ServerPools } from '../../../../src/fastdfs/client/server-pools.ts';
import { StorageClient } from '../../../../src/fastdfs/client/storage-client.ts';
import { fileResponse } from '../../../../src/fastdfs/protocol/commands/file-response.ts';
import { uploadFile } from '../../../../src/fastdfs/protocol/commands/upload-file.ts';
import type { FakeServer } from '../../../support/fake-server.ts';
import { fileOf, observedPools, serveReplies, until } from './harness.ts';

const UPLOAD = { storePathIndex: 0, fileSize: 8, extension: '' };

function serveAll(): Promise<FakeServer> {
  return serveReplies((peer, { code }) =>
    peer.answer(0, code === uploadFile.code ? fileResponse.encodeResponse(fileOf(8)) : undefined),
  );
}

/** An upload whose second half is sent when `finish` is called. */
function slowUpload(pools: ServerPools, server: FakeServer, signal?: AbortSignal) {
  let finish = () => {};
  const rest = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let isBegun = false;
  async function* content() {
    isBegun = true;
    yield Buffer.alloc(4);
    await rest;
    yield Buffer.alloc(4);
  }
  const storage = new StorageClient(pools);
  const done = storage.uploadFile(server.address, UPLOAD, content(), { signal });
  return { done, finish, isBegun: () => isBegun };
}

describe('slow uploads', () => {
  it('leave a quarter of the connections to everything else', async () => {
    const server = await serveAll();
    const { pools } = observedPools({ connectionsPerServerMax: 4 });
    const uploads = Array.from({ length: 6 }, () => slowUpload(pools, server));
    await until(() => uploads.filter((upload) => upload.isBegun()).length === 3);
    const storage = new StorageClient(pools);
    await storage.activeTest(server.address);
    await storage.uploadFile(server.address, UPLOAD, Buffer.alloc(8));
    expect(pools.states()).toMatchObject([{ connectionCount: 4, waitingCount: 3 }]);
    expect(uploads.map((upload) => upload.isBegun())).toEqual([
      ...[true, true, true],
      ...[false, false, false],
    ]);
    for (const upload of uploads) upload.finish();
    expect(await Promise.all(uploads.map((upload) => upload.done))).toHaveLength(6);
    expect(pools.states()).toMatchObject([{ waitingCount: 0 }]);
  });

  it('get one connection where there is only one', async () => {
    const server = await serveAll();
    const { pools } = observedPools({ connectionsPerServerMax: 1 });
    const upload = slowUpload(pools, server);
    upload.finish();
    await upload.done;
  });

  it('give their place to the next when they fail', async () => {
    const server = await serveAll();
    const { pools } = observedPools({ connectionsPerServerMax: 2 });
    const stop = new AbortController();
    const first = slowUpload(pools, server, stop.signal);
    const second = slowUpload(pools, server);
    await until(first.isBegun);
    stop.abort(new Error('the client left'));
    await expect(first.done).rejects.toThrow('the client left');
    second.finish();
    await second.done;
  });

  it('wait no longer than others for their turn', async () => {
    const server = await serveAll();
    const { pools } = observedPools({ connectionsPerServerMax: 2, connectionWaitTimeoutMs: 30 });
    const first = slowUpload(pools, server);
    await until(first.isBegun);
    await expect(slowUpload(pools, server).done).rejects.toMatchObject({
      timeoutName: 'connectionWaitTimeoutMs',
      phase: 'queue',
    });
    const stop = new AbortController();
    const third = slowUpload(pools, server, stop.signal);
    stop.abort(new Error('the client left'));
    await expect(third.done).rejects.toThrow('the client left');
    first.finish();
    await first.done;
  });

  it('that wait fail when the pools are closed or the server is found dead', async () => {
    const server = await serveAll();
    const { pools } = observedPools({ connectionsPerServerMax: 2 });
    const first = slowUpload(pools, server);
    await until(first.isBegun);
    const second = slowUpload(pools, server);
    pools.abandon(server.address, new Error('no ping came back'), 60_000);
    await expect(second.done).rejects.toMatchObject({ phase: 'connect' });
    const third = slowUpload(pools, server);
    const outcome = Promise.allSettled([first.done, third.done]);
    pools.close();
    expect(await outcome).toMatchObject([{ status: 'rejected' }, { reason: { phase: 'queue' } }]);
  });
});
