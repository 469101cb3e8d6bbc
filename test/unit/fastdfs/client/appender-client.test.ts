import { describe, expect, it } from 'vitest';
import { AppenderClient } from '../../../../src/fastdfs/client/appender-client.ts';
import { StorageClient } from '../../../../src/fastdfs/client/storage-client.ts';
import { ProtocolError } from '../../../../src/fastdfs/protocol/errors.ts';
import type { FileIdParts } from '../../../../src/fastdfs/protocol/file-id.ts';
import { decodeFileName } from '../../../../src/fastdfs/protocol/file-name-fields.ts';
import { startTestNode, type TestNode } from '../../../support/embedded-node.ts';
import { fileOf, observedPools, onCleanup, serveReplies } from './harness.ts';

interface Bench {
  readonly node: TestNode;
  readonly storage: StorageClient;
  readonly appender: AppenderClient;
  readonly file: FileIdParts;
}

/** An embedded node with an appender file that holds `0123456789`. */
async function startBench(): Promise<Bench> {
  const node = await startTestNode();
  onCleanup(() => node.remove());
  const storage = new StorageClient(observedPools().pools);
  const request = { storePathIndex: 0, fileSize: 10, extension: 'log' };
  const content = Buffer.from('0123456789');
  const file = await storage.uploadAppenderFile(node.storageAddress, request, content);
  return { node, storage, appender: new AppenderClient(storage), file };
}

async function contentOf({ node, storage }: Bench, file: FileIdParts): Promise<string> {
  const request = { ...file, offset: 0, size: 0 };
  const chunks: Buffer[] = [];
  for await (const chunk of await storage.downloadFile(node.storageAddress, request)) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

describe('an appender file', () => {
  it('is appended to, modified, truncated and made a normal file', async () => {
    const bench = await startBench();
    const { node, appender, storage, file } = bench;
    const at = node.storageAddress;
    await appender.appendFile(at, file, Buffer.from('abc'), 3);
    expect(await contentOf(bench, file)).toBe('0123456789abc');
    await appender.modifyFile(at, file, 2, Buffer.from('--'), 2);
    expect(await contentOf(bench, file)).toBe('01--456789abc');
    await appender.truncateFile(at, file, 5);
    expect(await contentOf(bench, file)).toBe('01--4');
    const normal = await appender.regenerateAppenderFilename(at, file);
    expect(decodeFileName(normal.fileName)).toMatchObject({ kind: 'normal', size: 5 });
    expect(await contentOf(bench, normal)).toBe('01--4');
    const info = { ...file, skipCrc32: true, isMissingExpected: true };
    await expect(storage.queryFileInfo(at, info)).rejects.toMatchObject({ fastdfsStatus: 2 });
  });

  it('stays as it is when nothing is appended, modified or truncated', async () => {
    const bench = await startBench();
    const { node, appender, file } = bench;
    node.faults.storage.echoBodies = true;
    await appender.appendFile(node.storageAddress, file, Buffer.alloc(0), 0);
    await appender.modifyFile(node.storageAddress, file, 0, Buffer.alloc(0), 0);
    await appender.truncateFile(node.storageAddress, file, 10);
    expect(await contentOf(bench, file)).toBe('0123456789');
  });

  it('takes metadata and a slave file', async () => {
    const { node, storage, file } = await startBench();
    const at = node.storageAddress;
    const metadata = [{ name: Buffer.from('width'), value: Buffer.from('160') }];
    await storage.setMetadata(at, { ...file, mode: 'overwrite', metadata });
    expect(await storage.getMetadata(at, file)).toEqual(metadata);
    const request = {
      masterFileName: file.fileName,
      fileSize: 3,
      prefix: '_small',
      extension: 'png',
    };
    const slave = await storage.uploadSlaveFile(at, request, Buffer.from('png'));
    expect(slave.fileName).toMatch(/_small\.png$/);
    const second = storage.uploadSlaveFile(at, request, Buffer.from('png'));
    await expect(second).rejects.toMatchObject({ fastdfsStatus: 17, statusName: 'EEXIST' });
  });
});

describe('a file that is not an appender file', () => {
  it('is never changed: nothing is sent', async () => {
    const server = await serveReplies((peer) => {
      peer.answer(0);
    });
    const appender = new AppenderClient(new StorageClient(observedPools().pools));
    const file = fileOf(10);
    const at = server.address;
    for (const result of [
      appender.appendFile(at, file, Buffer.alloc(1), 1),
      appender.modifyFile(at, file, 0, Buffer.alloc(1), 1),
      appender.truncateFile(at, file, 0),
      appender.regenerateAppenderFilename(at, file),
    ]) {
      await expect(result).rejects.toBeInstanceOf(ProtocolError);
    }
    expect(server.peers).toHaveLength(0);
  });
});
