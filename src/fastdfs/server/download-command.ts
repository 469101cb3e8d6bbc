import { closeSync } from 'node:fs';
import { type DownloadRequest, downloadFile } from '../protocol/commands/download-file.ts';
import { encodeResponseHeader } from '../protocol/frame.ts';
import { errno, RefusedRequest } from './refused-request.ts';
import type { ServerConnection } from './server-connection.ts';
import type { StorageContext } from './storage-context.ts';
import { readSmallBody, type StorageHandler } from './storage-handler.ts';

export const downloadCommand: StorageHandler = {
  code: downloadFile.code,
  async handle(context, header, connection) {
    const request = downloadFile.decodeRequest(await readSmallBody(header, connection));
    context.requireFile(request);
    await context.statistics.count('Download', () => sendDownload(context, connection, request));
  },
};

async function sendDownload(
  context: StorageContext,
  connection: ServerConnection,
  { fileName, offset, size: wanted }: DownloadRequest,
): Promise<void> {
  const { faults, statistics, store } = context;
  const file = store.open(fileName, 'read');
  statistics.countIo('Open');
  try {
    const byteCount = bytesToSend(
      { fileSize: file.size, offset, wanted },
      faults.downloadBeyondEnd,
    );
    if (byteCount === null) return;
    if (faults.vanishAtDownload) {
      await connection.reply.sendBytes(encodeResponseHeader(errno.ENOENT, byteCount));
      connection.finish();
      return;
    }
    await connection.reply.sendFile(file.fd, offset, byteCount, faults.corruptByteAt);
    statistics.countIo('Read');
    statistics.countBytes('Download', byteCount);
  } finally {
    closeSync(file.fd);
  }
}

/** Null when there is to be no answer at all. Throws 22 for ranges that are refused. */
function bytesToSend(
  { fileSize, offset, wanted }: { fileSize: number; offset: number; wanted: number },
  beyondEnd: 'refuse' | 'empty',
): number | null {
  const left = fileSize - offset;
  if (beyondEnd === 'refuse') {
    if (left <= 0) throw new RefusedRequest(errno.EINVAL, `offset ${offset} of ${fileSize} bytes`);
    return wanted === 0 ? left : Math.min(wanted, left);
  }
  if (left < 0) return null;
  if (wanted > left) throw new RefusedRequest(errno.EINVAL, `${wanted} bytes of ${left} wanted`);
  return wanted === 0 ? left : wanted;
}
