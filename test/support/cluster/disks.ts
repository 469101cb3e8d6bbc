import { setTimeout as sleep } from 'node:timers/promises';
import { formatFileId, parseFileId } from '../../../src/fastdfs/protocol/file-id.ts';
import { decodeFileName } from '../../../src/fastdfs/protocol/file-name-fields.ts';
import { type ClusterNode, storagesOf } from '../cluster-control.ts';
import type { ClusterUnderTest } from './cluster-under-test.ts';

const POLL_INTERVAL_MS = 50;
const REPLICATION_TIMEOUT_MS = 90_000;

/** The files that lie on the storage servers: names of nodes by file ID. */
export async function filesOnDisks({
  control,
}: ClusterUnderTest): Promise<ReadonlyMap<string, readonly string[]>> {
  const nodesOf = new Map<string, string[]>();
  for (const { name, groupName } of storagesOf(control)) {
    for (const fileName of await control.listFiles(name)) {
      const fileId = formatFileId({ groupName: groupName ?? '', fileName });
      nodesOf.set(fileId, [...(nodesOf.get(fileId) ?? []), name]);
    }
  }
  return nodesOf;
}

/** File IDs that are on some disk after `task` and were on none before. */
export async function newFilesOf(
  cluster: ClusterUnderTest,
  task: () => Promise<void>,
): Promise<string[]> {
  const before = await filesOnDisks(cluster);
  await task();
  const after = await filesOnDisks(cluster);
  return [...after.keys()].filter((fileId) => !before.has(fileId));
}

/** Resolves when every server of its group has each of the files. */
export async function untilReplicated(
  cluster: ClusterUnderTest,
  fileIds: readonly string[],
): Promise<void> {
  const deadline = Date.now() + REPLICATION_TIMEOUT_MS;
  const isEverywhere = (
    nodesOf: ReadonlyMap<string, readonly string[]>,
    fileId: string,
  ): boolean => {
    const { groupName } = parseFileId(fileId);
    return nodesOf.get(fileId)?.length === storagesOf(cluster.control, groupName).length;
  };
  for (;;) {
    const nodesOf = await filesOnDisks(cluster);
    const missing = fileIds.filter((fileId) => !isEverywhere(nodesOf, fileId));
    if (missing.length === 0) return;
    if (Date.now() > deadline) throw new Error(`not replicated: ${missing.join(', ')}`);
    await sleep(POLL_INTERVAL_MS);
  }
}

/** The storage server that took the upload. */
export function sourceNodeOf({ control, embedded }: ClusterUnderTest, fileId: string): ClusterNode {
  const { groupName, fileName } = parseFileId(fileId);
  const { source } = decodeFileName(fileName);
  const isSource = ({ name, address }: ClusterNode) =>
    'host' in source
      ? address.host === source.host
      : embedded?.storage(name).id === String(source.storageId);
  const node = storagesOf(control, groupName).find(isSource);
  if (node === undefined) throw new Error(`no server of the cluster took ${fileId}`);
  return node;
}
