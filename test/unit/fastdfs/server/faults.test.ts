import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { activeTest } from '../../../../src/fastdfs/protocol/commands/active-test.ts';
import { appendFile } from '../../../../src/fastdfs/protocol/commands/append-file.ts';
import { deleteFile } from '../../../../src/fastdfs/protocol/commands/delete-file.ts';
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

  it('can be answered late', async () => {
    node.faults.storage.delayMs = 50;
    const started = performance.now();
    expect(await storage.download(fileName)).toHaveLength(content.length);
    expect(performance.now() - started).toBeGreaterThan(45);
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

describe('disks', () => {
  it('can be at their reserve', async () => {
    node.faults.storage.freeBytes = 0;
    expect(await storage.upload(Buffer.from('x'))).toBe(28);
    expect(await tracker.request(queryStoreWithoutGroupOne, undefined)).toMatchObject({
      status: 28,
    });
    node.faults.reset();
    await storage.store(Buffer.from('x'));
  });

  it('can hang, before a request and in the middle of one', async () => {
    const settled: string[] = [];
    node.faults.storage.hangingDisk = true;
    const download = storage.download(fileName).then(() => settled.push('download'));
    const pinging = new StorageDriver(await node.connectToStorage());
    expect(await pinging.connection.request(activeTest, undefined)).toMatchObject({ status: 0 });
    expect(settled).toEqual([]);
    node.faults.reset();
    await download;

    const big = randomBytes(3_000_000);
    const request = { storePathIndex: 0xff, fileSize: big.length, extension: 'bin' };
    storage.connection.send(encodeRequestMessage(uploadFile, request));
    storage.connection.send(big.subarray(0, 1_000_000));
    await vi.waitFor(() =>
      expect(node.filesOnDisk()).toContainEqual(expect.stringMatching(/^\d+$/)),
    );
    node.faults.storage.hangingDisk = true;
    storage.connection.send(big.subarray(1_000_000));
    await pinging.connection.request(activeTest, undefined);
    node.faults.reset();
    expect(await storage.connection.receive()).toMatchObject({ status: 0 });
  });

  it('can give a byte wrong', async () => {
    const big = await storage.store(randomBytes(300_000));
    for (const [name, position] of [
      [fileName, 0],
      [fileName, 99_999],
      [big, 299_999],
    ] as const) {
      const right = (await storage.download(name)) as Buffer;
      node.faults.storage.corruptByteAt = position;
      const wrong = (await storage.download(name)) as Buffer;
      expect(wrong.length).toBe(right.length);
      const differing = [...right].flatMap((byte, at) => (byte === wrong[at] ? [] : [at]));
      expect(differing).toEqual([position]);
      const tail = (await storage.download(name, position)) as Buffer;
      expect(tail[0]).toBe(wrong[position]);
      node.faults.reset();
    }
  });
});

describe('a large body that is refused', () => {
  const BUFFER_BYTES = 256 * 1024;
  const HEADERS_BYTES = 25;
  const request = { storePathIndex: 0xff, fileSize: 600_000, extension: 'bin' };

  /** Content with a delete of the file where the second buffer starts, and nothing else that acts. */
  function forged(): Buffer {
    const forgery = encodeRequestMessage(deleteFile, { groupName: 'group1', fileName });
    const bytes = Buffer.alloc(request.fileSize);
    forgery.copy(bytes, BUFFER_BYTES - HEADERS_BYTES);
    return bytes;
  }

  it('is dropped by an embedded node', async () => {
    node.faults.storage.freeBytes = 0;
    expect(await storage.connection.request(uploadFile, request, forged())).toMatchObject({
      status: 28,
    });
    node.faults.reset();
    expect(await storage.download(fileName)).toEqual(content);
  });

  it('is read on as commands, as by FastDFS', async () => {
    node.faults.storage.freeBytes = 0;
    node.faults.storage.restOfRefusedBody = 'commands';
    const { connection } = storage;
    expect(await connection.request(uploadFile, request, forged())).toMatchObject({ status: 28 });
    // The delete, and then zero bytes, which are no command and end the connection.
    expect(await connection.receive()).toMatchObject({ status: 0 });
    expect(await connection.receive()).toMatchObject({ status: 22 });
    expect(await connection.receive()).toBeNull();
    node.faults.reset();
    const other = new StorageDriver(await node.connectToStorage());
    expect(await other.download(fileName)).toBe(2);
  });

  it('leaves a connection in step that fits in one buffer', async () => {
    node.faults.storage.freeBytes = 0;
    node.faults.storage.restOfRefusedBody = 'commands';
    expect(await storage.upload(randomBytes(BUFFER_BYTES - HEADERS_BYTES))).toBe(28);
    expect(await storage.download(fileName)).toEqual(content);
  });

  it('is read on after a write that failed', async () => {
    node.faults.storage.diskBytesLeft = 0;
    node.faults.storage.restOfRefusedBody = 'commands';
    const { connection } = storage;
    const fileSize = 2_000_000;
    expect(
      await connection.request(uploadFile, { ...request, fileSize }, Buffer.alloc(fileSize)),
    ).toMatchObject({ status: 28 });
    expect(await connection.receive()).toMatchObject({ status: 22 });
    await connection.closedByServer();
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
