import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { IndexError, type ObjectIndex } from '../../src/object-index/object-index.ts';
import type * as SqliteIndex from '../../src/object-index/sqlite-index.ts';
import type { Route } from '../../src/s3/operation.ts';
import { compiledIndex } from '../support/index-writer-process.ts';
import { newObject, putObject } from '../support/new-records.ts';
import { createBucket } from '../support/object-index.ts';
import { RawConnection, renderHead } from '../support/raw-http.ts';
import { fakeOperation, startS3Server } from '../support/s3-server.ts';
import { signRequest } from '../support/signed-request.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const WAITING_WRITES_MAX = 4;

/** PUT of an object, as far as the index is concerned. */
function routesTo(index: ObjectIndex, bucketId: number): readonly Route[] {
  const operation = fakeOperation('PutObject', async ({ key }) => {
    try {
      await putObject(index, newObject(bucketId, key ?? ''));
      return { status: 200 };
    } catch (error) {
      // The compiled index has its own class of that name, which the door here does not know.
      const { reason, message } = error as IndexError;
      throw new IndexError(reason, message);
    }
  });
  return [{ method: 'PUT', resource: 'object', subresource: null, operation }];
}

it('a PUT that finds the queue of writes full is told to slow down, and the others are stored', async () => {
  const path = join(temporaryDirectory(), 'index.sqlite');
  const { openSqliteIndex } = (await import(compiledIndex)) as typeof SqliteIndex;
  const settings = { path, deleteDelayMs: 1, waitingWritesMax: WAITING_WRITES_MAX };
  const index = await openSqliteIndex(settings);
  const bucketId = await createBucket(index, 'photos');
  const server = await startS3Server(routesTo(index, bucketId));
  const other = new Database(path);
  const put = async (key: string) => {
    const connection = await RawConnection.open(server.listener.port);
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'content-length': '0' };
    const target = `/photos/${key}`;
    connection.write(renderHead(signRequest({ method: 'PUT', target, headers })));
    const { status, body } = await connection.response();
    connection.destroy();
    return { key, status, body };
  };
  // Another process has the lock: what is written meanwhile waits.
  other.exec('BEGIN IMMEDIATE');
  const waiting = Array.from({ length: WAITING_WRITES_MAX }, (_, number) => put(`k${number}`));
  await expect.poll(async () => (await index.measure()).writesWaiting).toBe(WAITING_WRITES_MAX);
  for (const key of ['late', 'later']) {
    expect(await put(key)).toMatchObject({
      status: 503,
      body: expect.stringContaining('<Code>SlowDown</Code>'),
    });
  }
  // Nothing is answered before it is committed.
  expect(await index.findObject(bucketId, 'k0')).toBeNull();
  expect((await index.measure()).writesWaiting).toBe(WAITING_WRITES_MAX);
  other.exec('COMMIT');
  for (const { key, status } of await Promise.all(waiting)) {
    expect(status).toBe(200);
    expect(await index.findObject(bucketId, key)).not.toBeNull();
  }
  expect(await index.findObject(bucketId, 'late')).toBeNull();
  expect((await put('late')).status).toBe(200);
  other.close();
  await server.close();
  await index.close();
});
