import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { activeTest } from '../../../../src/fastdfs/protocol/commands/active-test.ts';
import { appendFile } from '../../../../src/fastdfs/protocol/commands/append-file.ts';
import { downloadFile } from '../../../../src/fastdfs/protocol/commands/download-file.ts';
import { listAllGroups } from '../../../../src/fastdfs/protocol/commands/list-groups.ts';
import { listStorages } from '../../../../src/fastdfs/protocol/commands/list-storages.ts';
import { queryFetchOne } from '../../../../src/fastdfs/protocol/commands/query-fetch.ts';
import { queryStoreWithoutGroupOne } from '../../../../src/fastdfs/protocol/commands/query-store.ts';
import { truncateFile } from '../../../../src/fastdfs/protocol/commands/truncate-file.ts';
import { uploadFile } from '../../../../src/fastdfs/protocol/commands/upload-file.ts';
import { decodeFileName } from '../../../../src/fastdfs/protocol/file-name-fields.ts';
import { encodeRequestMessage } from '../../../../src/fastdfs/protocol/frame.ts';
import { RESPONSE_LAYOUTS } from '../../../../src/fastdfs/protocol/response-layout.ts';
import { startTestNode, type TestNode } from '../../../support/embedded-node.ts';
import type { RawConnection } from '../../../support/raw-fastdfs.ts';
import { StorageDriver } from '../../../support/storage-driver.ts';

let node: TestNode;
let storage: StorageDriver;
let tracker: RawConnection;
let fileName: string;
const content = randomBytes(100_000);

beforeAll(async () => {
  node = await startTestNode();
});
afterAll(() => node.remove());
beforeEach(async () => {
  storage = new StorageDriver(await node.connectToStorage());
  tracker = await node.connectToTracker();
  fileName = await storage.store(content);
});
afterEach(() => {
  node.faults.reset();
  storage.connection.vanish();
  tracker.vanish();
});

const downloadRequest = () => ({ groupName: 'group1', fileName, offset: 0, size: 0 });

/** Bytes of a response that breaks off, up to the end of the connection. */
async function rawBytesUntilClose(connection: RawConnection, message: Buffer): Promise<number> {
  const start = connection.socket.bytesRead;
  connection.send(message);
  await connection.closedByServer();
  return connection.socket.bytesRead - start;
}

describe('connections', () => {
  it('can be closed at once', async () => {
    node.faults.storage.closeNewConnections = true;
    const refused = await node.connectToStorage();
    expect(await refused.request(activeTest, undefined)).toBeNull();
    expect(await storage.connection.request(activeTest, undefined)).toMatchObject({ status: 0 });
    node.faults.reset();
    const accepted = await node.connectToStorage();
    expect(await accepted.request(activeTest, undefined)).toMatchObject({ status: 0 });
  });

  it('can be left without an answer', async () => {
    node.faults.storage.unanswered = new Set([activeTest.code]);
    let answered = false;
    storage.connection.request(activeTest, undefined).then(
      (response) => {
        answered = response !== null;
      },
      () => {},
    );
    const other = new StorageDriver(await node.connectToStorage());
    expect(await other.download(fileName)).toHaveLength(content.length);
    expect(answered).toBe(false);
    node.faults.storage.unanswered = 'all';
    let downloaded = false;
    other.download(fileName).then(
      () => {
        downloaded = true;
      },
      () => {},
    );
    expect((await tracker.request(activeTest, undefined))?.status).toBe(0);
    expect(downloaded).toBe(false);
  });

  it('can break in the middle of a response', async () => {
    node.faults.storage.resetAfterReplyBytes = 50_000;
    const message = encodeRequestMessage(downloadFile, downloadRequest());
    expect(await rawBytesUntilClose(storage.connection, message)).toBeLessThanOrEqual(50_000);
  });

  it('can stall in the middle of a response', async () => {
    node.faults.storage.stallAfterReplyBytes = 50_000;
    storage.connection.send(encodeRequestMessage(downloadFile, downloadRequest()));
    const before = storage.connection.socket.bytesRead;
    await vi.waitFor(() => {
      expect(storage.connection.socket.bytesRead - before).toBe(50_000);
    });
    expect((await tracker.request(activeTest, undefined))?.status).toBe(0);
    expect(storage.connection.socket.bytesRead - before).toBe(50_000);
    expect(storage.connection.socket.destroyed).toBe(false);
  });

  it('can break in the middle of an upload, which leaves nothing', async () => {
    const before = node.filesOnDisk();
    node.faults.storage.resetAfterContentBytes = 600_000;
    const request = { storePathIndex: 0, fileSize: 2_000_000, extension: '' };
    storage.connection.send(encodeRequestMessage(uploadFile, request));
    storage.connection.send(Buffer.alloc(1_500_000));
    await storage.connection.closedByServer();
    await vi.waitFor(() => expect(node.filesOnDisk()).toEqual(before));
  });

  it('can get their answers in single bytes', async () => {
    node.faults.storage.replyPieceBytes = 1;
    expect(await storage.connection.request(activeTest, undefined)).toMatchObject({ status: 0 });
    const range = await storage.download(fileName, 10, 100);
    expect(content.subarray(10, 110).equals(range as Buffer)).toBe(true);
    const others = await Promise.all([
      storage.info(fileName),
      tracker.request(activeTest, undefined),
    ]);
    expect(others).toMatchObject([{ fileSize: content.length }, { status: 0 }]);
    expect(await storage.download(fileName, content.length)).toBe(22);
    await storage.connection.closedByServer();
  });
});

describe('files', () => {
  it('can be missing, as on a replica that lags', async () => {
    const other = await storage.store(Buffer.from('other'));
    node.faults.storage.missingFiles = new Set([fileName]);
    expect(await storage.download(fileName)).toBe(2);
    expect(await storage.info(fileName)).toBe(2);
    expect(await storage.delete(fileName)).toBe(2);
    expect(String(await storage.download(other))).toBe('other');
    node.faults.storage.missingFiles = 'all';
    expect(await storage.download(other)).toBe(2);
    node.faults.reset();
    expect(await storage.download(fileName)).toHaveLength(content.length);
  });

  it('can vanish between header and content', async () => {
    node.faults.storage.vanishAtDownload = true;
    const response = await storage.connection.request(downloadFile, downloadRequest());
    expect(response).toMatchObject({ status: 2, bodyLength: content.length });
    await storage.connection.closedByServer();
  });

  it('can get a wrong CRC-32', async () => {
    const right = decodeFileName(await storage.store(content)).crc32;
    node.faults.storage.wrongChecksum = true;
    const wrong = decodeFileName(await storage.store(content));
    expect(wrong.size).toBe(content.length);
    expect(wrong.crc32).not.toBe(right);
  });

  it('can meet a full disk, which leaves nothing', async () => {
    const before = node.filesOnDisk();
    node.faults.storage.diskBytesLeft = 600_000;
    expect(await storage.upload(randomBytes(3_000_000))).toBe(28);
    expect(node.filesOnDisk()).toEqual(before);
    expect(node.problems.at(-1)).toMatch(/storage command 11 failed/);
    // The connection is in step, since all of the body was dropped.
    expect(await storage.download(fileName)).toHaveLength(content.length);
    node.faults.storage.diskBytesLeft = 10;
    expect(await storage.upload(Buffer.alloc(11))).toBe(28);
    await storage.store(Buffer.alloc(10));
  });

  it('that are appenders keep their size on a full disk', async () => {
    const appender = await storage.storeAppender(Buffer.from('before'));
    node.faults.storage.diskBytesLeft = 600_000;
    expect(await storage.append(appender, randomBytes(2_000_000))).toBe(28);
    expect(String(await storage.download(appender))).toBe('before');
  });
});

describe('statuses', () => {
  it('can be given for single commands', async () => {
    node.faults.storage.statuses = new Map([[downloadFile.code, 5]]);
    expect(await storage.download(fileName)).toBe(5);
    expect(await storage.info(fileName)).toMatchObject({ fileSize: content.length });
    node.faults.tracker.statuses = new Map([[queryStoreWithoutGroupOne.code, 28]]);
    expect(await tracker.request(queryStoreWithoutGroupOne, undefined)).toMatchObject({
      status: 28,
    });
  });
});

describe('older servers', () => {
  it('echo requests that change nothing', async () => {
    node.faults.storage.echoBodies = true;
    const appender = await storage.storeAppender(Buffer.from('12345'));
    const nothing = { fileName: appender, dataSize: 0 };
    const echoed = await storage.connection.request(appendFile, nothing);
    expect(echoed?.body).toEqual(appendFile.encodeRequest(nothing));
    const same = { fileName: appender, newSize: 5 };
    const truncated = await storage.connection.request(truncateFile, same);
    expect(truncated?.body).toEqual(truncateFile.encodeRequest(same));
    expect(await storage.truncate(appender, 4)).toBe(0);
  });

  it('answer downloads at and beyond the end in another way', async () => {
    node.faults.storage.downloadBeyondEnd = 'empty';
    const small = await storage.store(Buffer.from('12345'));
    expect(await storage.download(small, 5)).toHaveLength(0);
    expect(await storage.download(await storage.store(Buffer.alloc(0)))).toHaveLength(0);
    expect(String(await storage.download(small, 2))).toBe('345');
    expect(await storage.download(small, 2, 4)).toBe(22);
  });

  it.each(Object.entries(RESPONSE_LAYOUTS))('have the layouts of %s', async (_version, layout) => {
    node.faults.tracker.layout = layout;
    node.faults.storage.layout = layout;
    const target = await tracker.request(queryStoreWithoutGroupOne, undefined);
    expect(target?.bodyLength).toBe(layout.addressSize === 16 ? 40 : 70);
    const file = { groupName: 'group1', fileName };
    const fetch = await tracker.request(queryFetchOne, file);
    expect(fetch?.bodyLength).toBe(layout.addressSize === 16 ? 39 : 69);
    const groups = await tracker.request(listAllGroups, undefined);
    expect(groups?.bodyLength).toBe(Number.parseInt(layout.groupRecord, 10));
    const storages = await tracker.request(listStorages, { groupName: 'group1', storageId: null });
    expect(storages?.bodyLength).toBe(layout.storageRecordSize);
    expect(await storage.info(fileName)).toMatchObject({ sourceHost: '127.0.0.1' });
  });
});

describe('the tracker', () => {
  it('can send clients elsewhere', async () => {
    const elsewhere = { host: '127.0.0.9', port: 1 };
    node.faults.tracker.storageAddress = elsewhere;
    const response = await tracker.request(queryStoreWithoutGroupOne, undefined);
    const body = response?.body ?? Buffer.alloc(0);
    expect(queryStoreWithoutGroupOne.decodeResponse(body)).toMatchObject(elsewhere);
  });
});
