import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deleteFile } from '../../../src/fastdfs/protocol/commands/delete-file.ts';
import { parseFileId } from '../../../src/fastdfs/protocol/file-id.ts';
import { encodeRequestMessage } from '../../../src/fastdfs/protocol/frame.ts';
import { isExternal } from '../../support/cluster/cluster-under-test.ts';
import { filesOnDisks, newFilesOf, untilReplicated } from '../../support/cluster/disks.ts';
import {
  type FaultyCluster,
  randomObject,
  startFaultyCluster,
} from '../../support/faulty-cluster.ts';

const MIB = 1024 * 1024;
/** Of FastDFS; it takes what follows the first one of a refused upload for commands. */
const BUFFER_BYTES = 256 * 1024;
/** Message header and fixed part of UPLOAD_FILE. */
const HEADS_BYTES = 25;

// Filling the disks of a real cluster to their reserve is nothing that a test should do.
describe.skipIf(isExternal)('an object whose bytes forge a DELETE of another file', () => {
  let cluster: FaultyCluster;
  beforeEach(async () => {
    cluster = await startFaultyCluster(
      { groups: 1, trackers: 1 },
      // Longer than this process may be busy with something else.
      { FASTDFS_REFUSAL_WAIT: '2s' },
    );
  });
  afterEach(() => cluster.close());

  function refusedUploads(): number {
    return (cluster.embedded?.storages ?? [])
      .map(({ context }) => context?.statistics.snapshot())
      .reduce((sum, stat) => {
        return sum + (stat?.totalUploadCount ?? 0) - (stat?.successUploadCount ?? 0);
      }, 0);
  }

  /** One delete behind the other, from where storage servers begin to read commands. */
  function forgedBody(fileId: string, sizeBytes: number): Buffer {
    const forgery = encodeRequestMessage(deleteFile, parseFileId(fileId));
    const body = Buffer.alloc(sizeBytes);
    for (let at = BUFFER_BYTES - HEADS_BYTES; at + forgery.length <= sizeBytes; ) {
      at += forgery.copy(body, at);
    }
    return body;
  }

  it.each([
    ['one that is kept in memory', MIB],
    ['one that is streamed', 16 * MIB],
  ])('deletes nothing when its upload is refused: %s', async (_kind, sizeBytes) => {
    const victim = randomObject(5000);
    const [fileId = ''] = await newFilesOf(cluster, () => cluster.put('victim', victim));
    await untilReplicated(cluster, [fileId]);
    for (const storage of cluster.embedded?.storages ?? []) {
      // At its reserve, which no tracker has been told yet.
      storage.reportedFreeBytes = 100e9;
      storage.faults.freeBytes = 0;
      storage.faults.restOfRefusedBody = 'commands';
    }
    for (let tries = 0; tries < 4; tries += 1) {
      const attack = cluster.put('attack', forgedBody(fileId, sizeBytes), cluster.s3Once);
      await expect(attack).rejects.toMatchObject({
        $metadata: { httpStatusCode: expect.any(Number) },
      });
    }
    expect(refusedUploads()).toBeGreaterThan(0);
    expect((await filesOnDisks(cluster)).get(fileId)).toEqual(['g1s1', 'g1s2']);
    expect((await cluster.get('victim')).equals(victim)).toBe(true);
  });
});
