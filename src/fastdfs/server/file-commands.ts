import { closeSync } from 'node:fs';
import { activeTest } from '../protocol/commands/active-test.ts';
import { appendFile } from '../protocol/commands/append-file.ts';
import { deleteFile } from '../protocol/commands/delete-file.ts';
import { getMetadata, setMetadata } from '../protocol/commands/file-metadata.ts';
import { modifyFile } from '../protocol/commands/modify-file.ts';
import {
  type FileInfo,
  type FileInfoRequest,
  queryFileInfo,
} from '../protocol/commands/query-file-info.ts';
import { regenerateAppenderFilename } from '../protocol/commands/regenerate-appender-filename.ts';
import { truncateFile } from '../protocol/commands/truncate-file.ts';
import { decodeFileName } from '../protocol/file-name-fields.ts';
import { checksumOf } from './appender-files.ts';
import type { StorageContext } from './storage-context.ts';
import { answer, answerContent, readSmallBody, type StorageHandler } from './storage-handler.ts';

/** The commands that neither store nor send a file. */
export const fileCommands: readonly StorageHandler[] = [
  answer(activeTest, async () => {}),
  answer(deleteFile, async (context, file) => {
    context.requireFile(file);
    await context.statistics.count('Delete', () => context.store.delete(file.fileName));
    context.changed({ kind: 'delete', fileName: file.fileName });
  }),
  answer(setMetadata, async (context, request) => {
    context.requireFile(request);
    await context.statistics.count('SetMeta', () =>
      context.metadata.set(request.fileName, request.metadata, request.mode === 'merge'),
    );
    context.changed({ kind: 'metadata', fileName: request.fileName });
  }),
  {
    code: getMetadata.code,
    async handle(context, header, connection) {
      const file = getMetadata.decodeRequest(await readSmallBody(header, connection));
      context.requireFile(file);
      const pairs = await context.statistics.count('GetMeta', async () =>
        context.metadata.get(file.fileName),
      );
      await connection.reply.send(0, pairs);
    },
  },
  answer(queryFileInfo, async (context, request) => {
    context.requireFile(request);
    return fileInfo(context, request);
  }),
  answer(regenerateAppenderFilename, async (context, { fileName }) => {
    context.requireFileName(fileName);
    const newName = await context.appenders.regenerate(fileName);
    context.changed({ kind: 'rename', fileName, newName });
    return { groupName: context.groupName, fileName: newName };
  }),
  {
    code: truncateFile.code,
    async handle(context, header, connection) {
      const body = await readSmallBody(header, connection);
      const { fileName, newSize } = truncateFile.decodeRequest(body);
      context.requireFileName(fileName);
      const changed = await context.statistics.count('Truncate', () =>
        context.appenders.truncate(fileName, newSize),
      );
      context.changed({ kind: 'update', fileName });
      await connection.reply.send(0, context.faults.echoBodies && !changed ? body : undefined);
    },
  },
  answerContent(appendFile, async (context, { fileName, dataSize }, connection) => {
    context.requireFileName(fileName);
    await context.statistics.count('Append', () =>
      context.appenders.append(fileName, connection.content()),
    );
    context.statistics.countBytes('Append', dataSize);
    context.changed({ kind: 'update', fileName });
  }),
  answerContent(modifyFile, async (context, { fileName, offset, dataSize }, connection) => {
    context.requireFileName(fileName);
    await context.statistics.count('Modify', () =>
      context.appenders.modify(fileName, offset, connection.content()),
    );
    context.statistics.countBytes('Modify', dataSize);
    context.changed({ kind: 'update', fileName });
  }),
];

/** The CRC-32 of a normal file stands in its name; that of another one is computed by reading it. */
async function fileInfo(
  { store, addressOf }: StorageContext,
  { fileName, skipCrc32 }: FileInfoRequest,
): Promise<FileInfo> {
  const { fd, size, modifiedAt } = store.open(fileName, 'read');
  try {
    const { crc32, source } = decodeFileName(fileName);
    return {
      fileSize: size,
      modifiedAt,
      crc32: crc32 ?? (skipCrc32 ? 0 : await checksumOf(fd, size)),
      sourceHost: addressOf(source),
    };
  } finally {
    closeSync(fd);
  }
}
