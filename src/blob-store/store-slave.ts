import { crc32 } from 'node:zlib';
import type { ServerAddress } from '../fastdfs/client/server-address.ts';
import { FASTDFS_STATUS } from '../fastdfs/protocol/errors.ts';
import {
  formatFileId,
  isExtension,
  isFileName,
  isSlavePrefix,
  slaveFileName,
} from '../fastdfs/protocol/file-id.ts';
import {
  BlobStoreError,
  type SlaveName,
  type StoredFile,
  type StoreOptions,
} from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { hasStatus, toBlobStoreError } from './fastdfs-errors.ts';
import { describeFile, type FileIdFacts, readFileId } from './read-file-id.ts';

/** See `BlobStore.slaveFileId`. */
export function slaveFileId({ masterFileId, prefix }: SlaveName, extension: string): string {
  const { file, fileId, kind } = readFileId(masterFileId);
  const refuse = (why: string) =>
    new BlobStoreError('refused', `${fileId} cannot have a slave of prefix ${prefix}: ${why}`);
  if (kind === 'slave') throw refuse('it is a slave itself');
  if (!isSlavePrefix(prefix) || !isExtension(extension)) {
    throw refuse('prefixes have 1 to 16 letters, digits, dots, dashes and underscores');
  }
  const fileName = slaveFileName(file.fileName, prefix, extension);
  if (!isFileName(fileName)) throw refuse('its name would be too long');
  const slaveId = formatFileId({ groupName: file.groupName, fileName });
  // The name of metadata, and what passes for a master.
  const hasMeaning = fileName.endsWith('-m') || describeFile(slaveId).kind !== 'slave';
  if (hasMeaning) throw refuse('such a name means something else');
  return slaveId;
}

/** One body for a slave file. */
export interface SlaveContent {
  readonly size: number;
  readonly open: () => Buffer | AsyncIterable<Buffer>;
}

/**
 * Stores content as a slave file: at its master's source, which FastDFS's own clients ask for, so
 * that two of one name meet. It is not tried elsewhere, and replicas are not waited for.
 */
export async function storeSlave(
  cluster: Cluster,
  { size, open }: SlaveContent,
  name: SlaveName,
  options: StoreOptions,
): Promise<StoredFile> {
  const { extension = '', signal, onStored } = options;
  const slaveId = slaveFileId(name, extension);
  const facts = readFileId(name.masterFileId);
  let sent = 0;
  const counted = (chunk: Buffer) => {
    sent = crc32(chunk, sent);
  };
  const target = await findTarget(cluster, facts, signal).catch((error: unknown) => {
    throw toBlobStoreError(error);
  });
  const { prefix } = name;
  const request = { masterFileName: facts.file.fileName, fileSize: size, prefix, extension };
  try {
    const content = withEach(open(), counted);
    const file = await cluster.storage.uploadSlaveFile(target, request, content, signal);
    const stored = { fileId: formatFileId(file), size, isReplicated: false };
    onStored?.(stored);
    await requireContent(cluster, target, { ...stored, crc32: sent }, signal);
    return stored;
  } catch (error) {
    if (hasStatus(error, FASTDFS_STATUS.exists)) {
      throw new BlobStoreError('exists', `${slaveId} exists already`, { cause: error });
    }
    if (hasStatus(error, FASTDFS_STATUS.notFound)) {
      throw new BlobStoreError('not-found', `${facts.fileId} does not exist`, { cause: error });
    }
    throw toBlobStoreError(error);
  }
}

async function findTarget(
  cluster: Cluster,
  { file, source }: FileIdFacts,
  signal: AbortSignal,
): Promise<ServerAddress> {
  const found = await cluster.view.findSource(file.groupName, source);
  const isUsable = found?.isWritable && !cluster.health.isAvoided(found, 'write');
  return isUsable ? found : await cluster.trackers.queryUpdate(file, signal);
}

/** The name of a slave does not tell what it holds, so the storage server is asked. */
async function requireContent(
  cluster: Cluster,
  target: ServerAddress,
  expected: { readonly fileId: string; readonly size: number; readonly crc32: number },
  signal: AbortSignal,
): Promise<void> {
  const { file } = readFileId(expected.fileId);
  const info = await cluster.storage.queryFileInfo(
    target,
    { ...file, skipCrc32: false, isMissingExpected: false },
    signal,
  );
  if (info.fileSize === expected.size && info.crc32 === expected.crc32) return;
  const problem = `${expected.fileId} has size ${info.fileSize} and CRC-32 ${info.crc32}`;
  throw new BlobStoreError(
    'corrupt',
    `${problem}; ${expected.size} bytes of another one were sent`,
  );
}

function withEach(
  content: Buffer | AsyncIterable<Buffer>,
  look: (chunk: Buffer) => void,
): Buffer | AsyncIterable<Buffer> {
  if (!Buffer.isBuffer(content)) return lookedAt(content, look);
  look(content);
  return content;
}

async function* lookedAt(
  content: AsyncIterable<Buffer>,
  look: (chunk: Buffer) => void,
): AsyncGenerator<Buffer, void, void> {
  for await (const chunk of content) {
    look(chunk);
    yield chunk;
  }
}
