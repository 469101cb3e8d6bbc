import {
  type UploadRequest,
  uploadAppenderFile,
  uploadFile,
} from '../protocol/commands/upload-file.ts';
import {
  type UploadSlaveRequest,
  uploadSlaveFile,
} from '../protocol/commands/upload-slave-file.ts';
import { STORE_PATH_INDEX_ANY } from '../protocol/constants.ts';
import { slaveFileName } from '../protocol/file-id.ts';
import { ConnectionLost, type ContentSource } from './content-source.ts';
import { errno, RefusedRequest } from './refused-request.ts';
import type { ServerConnection } from './server-connection.ts';
import type { StagedFile } from './staged-file.ts';
import type { StorageContext } from './storage-context.ts';
import { answerContent, type StorageHandler } from './storage-handler.ts';

export const uploadCommands: readonly StorageHandler[] = [
  answerContent(uploadFile, (context, request, connection) =>
    counted(context, () => storeNewFile(context, connection, request, false)),
  ),
  answerContent(uploadAppenderFile, (context, request, connection) =>
    counted(context, () => storeNewFile(context, connection, request, true)),
  ),
  answerContent(uploadSlaveFile, (context, request, connection) =>
    counted(context, () => storeSlaveFile(context, connection, request)),
  ),
];

async function counted({ statistics, groupName }: StorageContext, store: () => Promise<string>) {
  return { groupName, fileName: await statistics.count('Upload', store) };
}

/** Returns the new file's name. */
async function storeNewFile(
  context: StorageContext,
  connection: ServerConnection,
  { storePathIndex, extension }: UploadRequest,
  isAppender: boolean,
): Promise<string> {
  if (storePathIndex !== 0 && storePathIndex !== STORE_PATH_INDEX_ANY) {
    throw new RefusedRequest(errno.EINVAL, `there is no store path ${storePathIndex}`);
  }
  return storeContent(context, connection, (staged) =>
    context.naming.publish(staged, { extension, isAppender }),
  );
}

/** The name is fixed, so it is refused with 17 when it is taken. */
async function storeSlaveFile(
  context: StorageContext,
  connection: ServerConnection,
  { masterFileName, prefix, extension }: UploadSlaveRequest,
): Promise<string> {
  const { store } = context;
  context.requireFileName(masterFileName);
  if (!store.exists(masterFileName)) {
    throw new RefusedRequest(errno.ENOENT, `master ${masterFileName} does not exist`);
  }
  const slaveName = slaveFileName(masterFileName, prefix, extension);
  // Such a slave would pass for the metadata of another file.
  if (slaveName.endsWith('-m')) throw new RefusedRequest(errno.EINVAL, 'not a slave prefix');
  const taken = () => new RefusedRequest(errno.EEXIST, `${slaveName} exists`);
  if (store.exists(slaveName)) throw taken();
  return storeContent(context, connection, async (staged) => {
    if (!(await store.publish(staged, slaveName))) throw taken();
    return slaveName;
  });
}

/** Receives the content into a staged file and publishes it, unless the client vanished. */
async function storeContent(
  context: StorageContext,
  connection: ServerConnection,
  publish: (staged: StagedFile) => Promise<string>,
): Promise<string> {
  const { store, statistics, faults, changed } = context;
  const content = connection.content();
  const size = content.bytesLeft;
  if (!store.space.hasRoomFor(size)) {
    throw new RefusedRequest(errno.ENOSPC, 'the store path is at its reserve');
  }
  store.space.promise(size);
  const staged = store.stage();
  statistics.countIo('Open');
  let fileName: string;
  try {
    await receive(content, staged, async () => {
      statistics.countIo('Write');
      if (faults.hangingDisk) await context.diskAnswers(connection);
      if (faults.resetAfterContentBytes === null) return;
      if (staged.size < faults.resetAfterContentBytes) return;
      connection.reset();
      throw new ConnectionLost('reset on purpose');
    });
    if (connection.lost !== null) throw connection.lost;
    fileName = await publish(staged);
  } catch (error) {
    staged.discard();
    throw error;
  } finally {
    store.space.settle(size);
  }
  if (connection.lost !== null) {
    // Nobody will ever learn the name.
    await store.retract(fileName);
    throw connection.lost;
  }
  statistics.countBytes('Upload', size);
  changed({ kind: 'create', fileName });
  return fileName;
}

async function receive(
  content: ContentSource,
  staged: StagedFile,
  afterBatch: () => Promise<void>,
): Promise<void> {
  for (let batch = await content.next(); batch.length > 0; batch = await content.next()) {
    await staged.write(batch);
    await afterBatch();
  }
}
