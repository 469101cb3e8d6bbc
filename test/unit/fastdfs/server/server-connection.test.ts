import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { activeTest } from '../../../../src/fastdfs/protocol/commands/active-test.ts';
import { appendFile } from '../../../../src/fastdfs/protocol/commands/append-file.ts';
import { downloadFile } from '../../../../src/fastdfs/protocol/commands/download-file.ts';
import { listStorages } from '../../../../src/fastdfs/protocol/commands/list-storages.ts';
import { uploadFile } from '../../../../src/fastdfs/protocol/commands/upload-file.ts';
import { encodeHeader, encodeRequestMessage } from '../../../../src/fastdfs/protocol/frame.ts';
import { startTestNode, type TestNode } from '../../../support/embedded-node.ts';
import type { RawConnection } from '../../../support/raw-fastdfs.ts';
import { named, StorageDriver } from '../../../support/storage-driver.ts';

let node: TestNode;
beforeEach(async () => {
  node = await startTestNode();
});
afterEach(() => node.remove());

const uploadHead = (fileSize: number) =>
  encodeRequestMessage(uploadFile, { storePathIndex: 0, fileSize, extension: 'bin' });

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function receiveName(connection: RawConnection): Promise<string> {
  const response = await connection.receive();
  if (response?.status !== 0) throw new Error(`status ${response?.status}`);
  return uploadFile.decodeResponse(response.body).fileName;
}

describe('requests in pieces', () => {
  it('are understood wherever they are cut', async () => {
    const content = Buffer.from('content of the file');
    const message = Buffer.concat([uploadHead(content.length), content]);
    const connection = await node.connectToStorage();
    const storage = new StorageDriver(connection);
    for (let cut = 1; cut < message.length; cut += 1) {
      connection.send(message.subarray(0, cut));
      await turn();
      await turn();
      connection.send(message.subarray(cut));
      const fileName = await receiveName(connection);
      expect(String(await storage.download(fileName))).toBe(String(content));
    }
  });

  it('are understood byte by byte', async () => {
    const content = randomBytes(300);
    const connection = await node.connectToStorage();
    for (const byte of Buffer.concat([uploadHead(content.length), content])) {
      connection.send(Buffer.of(byte));
      await turn();
    }
    const fileName = await receiveName(connection);
    const stored = await new StorageDriver(connection).download(fileName);
    expect(content.equals(stored as Buffer)).toBe(true);
  });

  it('are answered one after the other when several come at once', async () => {
    const connection = await node.connectToStorage();
    const content = Buffer.from('x');
    connection.send(
      Buffer.concat([
        encodeRequestMessage(activeTest, undefined),
        uploadHead(1),
        content,
        encodeRequestMessage(activeTest, undefined),
      ]),
    );
    expect(await connection.receive()).toMatchObject({ status: 0, bodyLength: 0 });
    await receiveName(connection);
    expect(await connection.receive()).toMatchObject({ status: 0, bodyLength: 0 });
  });
});

describe('a client that vanishes', () => {
  const sizes = [0, 1, 1000, 300_000, 1_200_000, 1_999_999];

  it.each(sizes)('after %d of 2,000,000 bytes of an upload leaves nothing', async (sent) => {
    const connection = await node.connectToStorage();
    connection.send(Buffer.concat([uploadHead(2_000_000), randomBytes(sent)]));
    await turn();
    connection.vanish();
    await vi.waitFor(() => expect(node.filesOnDisk()).toEqual([]));
  });

  it('with a FIN behind a part of the content leaves nothing', async () => {
    const connection = await node.connectToStorage();
    connection.send(Buffer.concat([uploadHead(2_000_000), randomBytes(1_000_000)]));
    connection.socket.end();
    await connection.closedByServer();
    await vi.waitFor(() => expect(node.filesOnDisk()).toEqual([]));
  });

  it('in mid-append leaves the file as it was', async () => {
    const storage = new StorageDriver(await node.connectToStorage());
    const fileName = await storage.storeAppender(Buffer.from('before'));
    const other = await node.connectToStorage();
    const head = encodeRequestMessage(appendFile, { fileName, dataSize: 3_000_000 });
    other.send(Buffer.concat([head, randomBytes(2_000_000)]));
    // Its first bytes are in the file before it goes.
    await vi.waitFor(async () => {
      expect(await storage.info(fileName, true)).not.toMatchObject({ fileSize: 6 });
    });
    other.vanish();
    await vi.waitFor(async () => {
      expect(await storage.info(fileName, true)).toMatchObject({ fileSize: 6 });
    });
    expect(String(await storage.download(fileName))).toBe('before');
  });

  it('in mid-download harms nobody', async () => {
    const storage = new StorageDriver(await node.connectToStorage());
    const fileName = await storage.store(randomBytes(8_000_000));
    const other = new StorageDriver(await node.connectToStorage());
    const broken = other.download(fileName);
    other.connection.socket.once('data', () => other.connection.vanish());
    await expect(broken).rejects.toThrow('closed');
    expect((await storage.download(fileName)) as Buffer).toHaveLength(8_000_000);
    expect(node.problems).toEqual([]);
  });
});

describe('a client that stands still', () => {
  beforeEach(async () => {
    await node.remove();
    node = await startTestNode({ networkTimeoutMs: 50 });
  });

  it.each([
    ['before its first request', Buffer.alloc(0)],
    ['inside a header', Buffer.alloc(5)],
    ['inside an upload', Buffer.concat([uploadHead(1000), Buffer.alloc(10)])],
  ])('%s is cut off, and leaves nothing', async (_name, bytes) => {
    const connection = await node.connectToStorage();
    connection.send(bytes);
    await connection.closedByServer();
    await vi.waitFor(() => expect(node.filesOnDisk()).toEqual([]));
  });

  it('between requests is kept', async () => {
    const connection = await node.connectToStorage();
    const storage = new StorageDriver(connection);
    await storage.store(Buffer.from('x'));
    const other = await node.connectToStorage();
    // Longer than the timeout, which cuts off the connection that asked for nothing.
    await other.closedByServer();
    await storage.store(Buffer.from('y'));
    expect((await connection.request(activeTest, undefined))?.status).toBe(0);
  });

  it('without reading its download is cut off', async () => {
    const { storePath } = node;
    await node.close();
    node = await startTestNode({ storePath });
    const storage = new StorageDriver(await node.connectToStorage());
    const fileName = await storage.store(Buffer.alloc(30_000_000));
    await node.close();
    node = await startTestNode({ storePath, networkTimeoutMs: 50 });
    const slow = await node.connectToStorage();
    slow.socket.pause();
    const request = { groupName: 'group1', fileName, offset: 0, size: 0 };
    slow.send(encodeRequestMessage(downloadFile, request));
    await vi.waitFor(async () => {
      const tracker = await node.connectToTracker();
      const listed = await tracker.request(listStorages, { groupName: 'group1', storageId: null });
      const [record] = listStorages.decodeResponse(listed?.body ?? Buffer.alloc(0));
      expect(record?.stat).toMatchObject({ connectionAllocCount: 1, connectionCurrentCount: 0 });
    }, 10_000);
  });
});

describe('a refused body', () => {
  it('is refused before it has come, and never taken for requests', async () => {
    const storage = new StorageDriver(await node.connectToStorage());
    const victim = await storage.store(Buffer.from('precious'));
    const missing = await storage.storeAppender(Buffer.from('x'));
    await storage.delete(missing);
    // Content that is itself a request to delete a file.
    const groupName = Buffer.alloc(16);
    groupName.write('group1');
    const body = Buffer.concat([groupName, Buffer.from(victim)]);
    const deletion = Buffer.concat([
      encodeHeader({ bodyLength: body.length, code: 12, status: 0 }),
      body,
    ]);
    const dataSize = deletion.length * 20_000;
    const { connection } = storage;
    connection.send(encodeRequestMessage(appendFile, { fileName: missing, dataSize }));
    expect(await connection.receive()).toMatchObject({ status: 2 });
    for (let i = 0; i < 20; i += 1) connection.send(Buffer.concat(Array(1000).fill(deletion)));
    expect(String(await storage.download(victim))).toBe('precious');
  });

  it('with status 22 is dropped, and the connection closed behind it', async () => {
    const storage = new StorageDriver(await node.connectToStorage());
    const normal = await storage.store(Buffer.from('x'));
    const { connection } = storage;
    const request = { fileName: normal, dataSize: 1_000_000 };
    connection.send(encodeRequestMessage(appendFile, request));
    expect(await connection.receive()).toMatchObject({ status: 22 });
    connection.send(Buffer.alloc(1_000_000));
    await connection.closedByServer();
  });

  it('that is absurdly long ends the connection', async () => {
    const storage = new StorageDriver(await node.connectToStorage());
    const request = { storePathIndex: 0, fileSize: 2 ** 50, extension: '' };
    storage.connection.send(encodeRequestMessage(uploadFile, request));
    expect(await storage.connection.receive()).toMatchObject({ status: 28 });
    await storage.connection.closedByServer();
  });
});

describe('garbage', () => {
  it.each([
    ['a negative length', Buffer.from('ffffffffffffffff6f00', 'hex')],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
  ])('such as %s closes without an answer', async (_name, bytes) => {
    for (const connect of [node.connectToTracker, node.connectToStorage]) {
      const connection = await connect();
      connection.send(bytes);
      expect(await connection.receive()).toBeNull();
    }
  });

  it('as a command is 22: a storage server closes, a tracker does not', async () => {
    const storage = await node.connectToStorage();
    expect(await storage.requestRaw(200, Buffer.from('?'))).toMatchObject({ status: 22 });
    await storage.closedByServer();
    const tracker = await node.connectToTracker();
    expect(await tracker.requestRaw(200, Buffer.from('?'))).toMatchObject({ status: 22 });
    expect(await tracker.request(activeTest, undefined)).toMatchObject({ status: 0 });
  });
});

describe('many connections', () => {
  it('over the limit are closed at once', async () => {
    await node.remove();
    node = await startTestNode({ connectionsMax: 2 });
    const first = await node.connectToStorage();
    const second = await node.connectToStorage();
    expect(await first.request(activeTest, undefined)).toMatchObject({ status: 0 });
    expect(await second.request(activeTest, undefined)).toMatchObject({ status: 0 });
    const third = await node.connectToStorage();
    await third.closedByServer();
    first.vanish();
    await vi.waitFor(async () => {
      const next = await node.connectToStorage();
      expect(await next.request(activeTest, undefined)).toMatchObject({ status: 0 });
    });
  });
});

describe('closing', () => {
  it('lets an upload under way end', async () => {
    await node.remove();
    node = await startTestNode({ drainTimeoutMs: 10_000 });
    const connection = await node.connectToStorage();
    const idle = await node.connectToStorage();
    expect(await idle.request(activeTest, undefined)).toMatchObject({ status: 0 });
    connection.send(Buffer.concat([uploadHead(10), Buffer.from('01234')]));
    await vi.waitFor(() => expect(node.filesOnDisk()).toHaveLength(1));
    const closed = node.close();
    await idle.closedByServer();
    connection.send(Buffer.from('56789'));
    expect(named(await receiveName(connection))).toMatch(/^M00/);
    await closed;
    await connection.closedByServer();
  });

  it('cuts off what takes longer than the drain timeout', async () => {
    const connection = await node.connectToStorage();
    connection.send(Buffer.concat([uploadHead(10), Buffer.from('01234')]));
    await vi.waitFor(() => expect(node.filesOnDisk()).toHaveLength(1));
    await node.close();
    await connection.closedByServer();
    expect(node.filesOnDisk()).toEqual([]);
  });
});
