import { renderAddress } from '../fastdfs/client/server-address.ts';
import { FASTDFS_STATUS } from '../fastdfs/protocol/errors.ts';
import type { FileCopy } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { hasLeftCluster, type StorageServer } from './cluster-snapshot.ts';
import { hasStatus, isFastdfsFailure } from './fastdfs-errors.ts';
import { type FileIdFacts, readFileId } from './read-file-id.ts';

/**
 * Asks all storage servers of the file's group whether they have it, but for those that left the
 * group; the source alone when `isOneEnough` and it has the file. The size alone is compared: the
 * CRC-32 that a storage server tells of a normal file is the one of its name.
 */
export async function findCopies(
  cluster: Cluster,
  fileId: string,
  { signal, isOneEnough }: { readonly signal: AbortSignal; readonly isOneEnough?: boolean },
): Promise<FileCopy[]> {
  const facts = readFileId(fileId);
  const { groupName } = facts.file;
  const source = await cluster.view.findSource(groupName, facts.source);
  const listed = await cluster.view.membersOf(groupName);
  const members = listed.filter((server) => !hasLeftCluster(server));
  const isSource = (server: StorageServer) =>
    source !== null && renderAddress(source) === renderAddress(server);
  const ask = async (server: StorageServer): Promise<FileCopy> => ({
    ...{ server: renderAddress(server), isSource: isSource(server) },
    ...(await askUnlessAvoided(cluster, server, facts, signal)),
  });
  const first = isOneEnough ? members.find(isSource) : undefined;
  if (first === undefined) return await Promise.all(members.map(ask));
  const answer = await ask(first);
  if (answer.state === 'present') return [answer];
  const others = members.filter((server) => server !== first);
  return [answer, ...(await Promise.all(others.map(ask)))];
}

/** One that leaves requests unanswered would hold up whoever asks for many files. */
async function askUnlessAvoided(
  cluster: Cluster,
  server: StorageServer,
  facts: FileIdFacts,
  signal: AbortSignal,
): Promise<Pick<FileCopy, 'state' | 'problem'>> {
  if (cluster.health.isAvoided(server, 'read')) {
    return { state: 'unknown', problem: 'it failed lately' };
  }
  return await askServer(cluster, server, facts, signal);
}

/** Rejects with the signal's reason and for mistakes of ours only. */
export async function askServer(
  cluster: Cluster,
  server: Pick<StorageServer, 'host' | 'port' | 'isReadable'>,
  { file, size }: FileIdFacts,
  signal: AbortSignal,
): Promise<Pick<FileCopy, 'state' | 'problem'>> {
  if (!server.isReadable) return { state: 'unknown', problem: 'it is not ACTIVE' };
  try {
    const info = await cluster.storage.queryFileInfo(
      server,
      { ...file, skipCrc32: true, isMissingExpected: true },
      signal,
    );
    if (size === null || info.fileSize === size) return { state: 'present', problem: null };
    return { state: 'damaged', problem: `it has ${info.fileSize} bytes instead of ${size}` };
  } catch (error) {
    if (signal.aborted || !isFastdfsFailure(error)) throw error;
    if (hasStatus(error, FASTDFS_STATUS.notFound)) return { state: 'missing', problem: null };
    return { state: 'unknown', problem: error.message };
  }
}
