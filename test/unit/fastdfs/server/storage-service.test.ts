import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from '@node-rs/crc32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deleteFile } from '../../../../src/fastdfs/protocol/commands/delete-file.ts';
import { downloadFile } from '../../../../src/fastdfs/protocol/commands/download-file.ts';
import { uploadFile } from '../../../../src/fastdfs/protocol/commands/upload-file.ts';
import { decodeFileName } from '../../../../src/fastdfs/protocol/file-name-fields.ts';
import { startTestNode, type TestNode } from '../../../support/embedded-node.ts';
import type { RawConnection } from '../../../support/raw-fastdfs.ts';

let node: TestNode;
let storage: RawConnection;

beforeAll(async () => {
  node = await startTestNode();
  storage = await node.connectToStorage();
});
afterAll(() => node.remove());

async function upload(content: Buffer, extension = 'bin'): Promise<string> {
  const request = { storePathIndex: 0xff, fileSize: content.length, extension };
  const response = await storage.request(uploadFile, request, content);
  expect(response?.status).toBe(0);
  return uploadFile.decodeResponse(response?.body ?? Buffer.alloc(0)).fileName;
}

const download = (fileName: string, offset = 0, size = 0) =>
  storage.request(downloadFile, { offset, size, groupName: 'group1', fileName });

describe('upload and download', () => {
  it.each([1, 4096, 65_535, 65_536, 65_537, 262_144, 524_289, 5_000_000])(
    'keeps %d bytes and names them by size and CRC-32',
    async (size) => {
      const content = randomBytes(size);
      const fileName = await upload(content);
      const fields = decodeFileName(fileName);
      expect(fields).toMatchObject({ kind: 'normal', size, source: { host: '127.0.0.1' } });
      expect(fields.crc32).toBe(crc32(content));
      const response = await download(fileName);
      const digest = (bytes?: Buffer) =>
        createHash('sha256')
          .update(bytes ?? '')
          .digest('hex');
      expect(digest(response?.body)).toBe(digest(content));
    },
  );

  it('deletes a file once', async () => {
    const fileName = await upload(Buffer.from('short-lived'));
    const file = { groupName: 'group1', fileName };
    expect((await storage.request(deleteFile, file))?.status).toBe(0);
    expect((await download(fileName))?.status).toBe(2);
    expect((await storage.request(deleteFile, file))?.status).toBe(2);
  });
});
