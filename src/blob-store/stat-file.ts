import { renderAddress } from '../fastdfs/client/server-address.ts';
import type { FileInfo } from '../fastdfs/protocol/commands/query-file-info.ts';
import { FASTDFS_STATUS } from '../fastdfs/protocol/errors.ts';
import { BlobStoreError, type FileStat } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { hasLeftCluster, type StorageServer } from './cluster-snapshot.ts';
import { hasStatus, isFastdfsFailure } from './fastdfs-errors.ts';
import { type FileIdFacts, readFileId } from './read-file-id.ts';

/** What one server says; null when it has no such file, `unknown` when it does not tell. */
type Answer = FileInfo | null | 'unknown';

/**
 * Size and time of a file, from its source, so that they stay the same; from another server of its
 * group only when the source does not have it or cannot be asked. Rejects with `BlobStoreError`
 * ('not-found' also for a group that is not in the cluster, 'unavailable') or the signal's reason.
 */
export async function statFile(
  cluster: Cluster,
  fileId: string,
  { signal, withCrc32 = false }: { readonly signal: AbortSignal; readonly withCrc32?: boolean },
): Promise<FileStat> {
  const facts = readFileId(fileId);
  const { groupName } = facts.file;
  const source = await cluster.view.findSource(groupName, facts.source);
  const ask = async (server: StorageServer, isLastHope = false): Promise<Answer> => {
    // What is being filled says little, and one that hangs would hold up the answer.
    const isAvoided = !server.isReadable || cluster.health.isAvoided(server, 'read');
    if (isAvoided && !isLastHope) return 'unknown';
    return await askForInfo(cluster, server, facts, withCrc32, signal);
  };
  const first = source === null ? 'unknown' : await ask(source);
  if (first !== null && first !== 'unknown') return toStat(facts, first);
  // Others may still have what can change, and its source has deleted.
  if (first === null && !facts.isImmutable) return refuse(cluster, facts, first, []);
  const others = (await cluster.view.membersOf(groupName)).filter(
    (server) => !hasLeftCluster(server) && !isSame(server, source),
  );
  const answers = await Promise.all(others.map((server) => ask(server)));
  const found = answers.flatMap((answer) =>
    answer === null || answer === 'unknown' ? [] : answer,
  );
  // Of several the same one each time: the last to be written.
  const [newest] = found.sort((one, other) => other.modifiedAt - one.modifiedAt);
  if (newest) return toStat(facts, newest);
  const again = first === 'unknown' && source !== null ? await ask(source, true) : first;
  if (again !== null && again !== 'unknown') return toStat(facts, again);
  return refuse(cluster, facts, again, answers);
}

function isSame(server: StorageServer, other: StorageServer | null): boolean {
  return other !== null && renderAddress(server) === renderAddress(other);
}

function toStat({ crc32, kind }: FileIdFacts, info: FileInfo): FileStat {
  const isComputed = info.crc32 !== 0 || info.fileSize === 0;
  return {
    size: info.fileSize,
    modifiedAtMs: info.modifiedAt * 1000,
    crc32: kind === 'normal' || kind === 'trunk' ? crc32 : isComputed ? info.crc32 : null,
  };
}

/** The source knows that a file is not there; without a source all others together do. */
function refuse(
  cluster: Cluster,
  { fileId, file }: FileIdFacts,
  first: Answer,
  answers: readonly Answer[],
): never {
  const { snapshot } = cluster.view;
  const isUnknownGroup = snapshot !== null && snapshot.findGroup(file.groupName) === null;
  const isMissingEverywhere = answers.length > 0 && answers.every((answer) => answer === null);
  if (first === null || isUnknownGroup || isMissingEverywhere) {
    throw new BlobStoreError('not-found', `${fileId} does not exist`);
  }
  throw new BlobStoreError('unavailable', `no storage server tells of ${fileId}`);
}

async function askForInfo(
  cluster: Cluster,
  server: StorageServer,
  { file }: FileIdFacts,
  withCrc32: boolean,
  signal: AbortSignal,
): Promise<Answer> {
  const { health, storage } = cluster;
  health.attempt(server, 'read');
  try {
    const request = { ...file, skipCrc32: !withCrc32, isMissingExpected: true };
    const info = await storage.queryFileInfo(server, request, signal);
    health.works(server, 'read');
    return info;
  } catch (error) {
    health.failed(server, 'read', error);
    if (signal.aborted || !isFastdfsFailure(error)) throw error;
    // 22: a store path that it does not have, so no file there either.
    const { notFound, invalid } = FASTDFS_STATUS;
    return hasStatus(error, notFound) || hasStatus(error, invalid) ? null : 'unknown';
  }
}
