import { join } from 'node:path';
import { openReadOnly } from '../../src/object-index/sqlite-database.ts';
import type { ExpectedState } from './expected-state.ts';
import type { LogBook } from './log-book.ts';
import { deleteObjects } from './object-writes.ts';
import type { Random } from './random.ts';
import type { Requests } from './requests.ts';
import type { UploadBook } from './upload-book.ts';
import { verifyFiles } from './verify-files.ts';
import { referencedFiles, untilDeletionsAreDone, verifyIndex } from './verify-index.ts';
import { verifyLogs } from './verify-logs.ts';
import { verifyKeys, verifyListing, verifyOnlyCreated } from './verify-objects.ts';
import { finishUploads, resolveUploads } from './verify-uploads.ts';
import { verifyVersions } from './verify-versions.ts';
import type { VersionBook } from './version-book.ts';

const CONNECTIONS = 16;

export interface RoundToVerify {
  readonly dataDir: string;
  readonly state: ExpectedState;
  readonly uploads: UploadBook;
  readonly versions: VersionBook;
  readonly logs: LogBook;
  /** Keys of this round alone, which are deleted here. */
  readonly onceKeys: readonly string[];
  readonly random: Random;
  /** All keys are read, not only those that were touched. */
  readonly isFull: boolean;
  readonly connect: () => Requests;
}

export interface VerifiedRound {
  readonly keysRead: number;
  /** Files that belonged to nothing; null when the storage servers cannot be looked into. */
  readonly orphans: number | null;
}

/**
 * Verifies what a gateway that was started again shows while nobody else writes. Throws the first
 * `Violation`. What was open after the kill is settled afterwards.
 */
export async function verifyRound(round: RoundToVerify): Promise<VerifiedRound> {
  const { state, uploads, onceKeys, random, isFull } = round;
  const connections = Array.from({ length: CONNECTIONS }, round.connect);
  const [requests] = connections;
  if (!requests) throw new Error('no connection');
  try {
    await resolveUploads(requests, uploads);
    verifyOnlyCreated(state, onceKeys);
    await verifyKeys(connections, state, state.touchedKeys);
    await finishUploads(requests, uploads, random);
    await deleteObjects(requests, onceKeys);
    await verifyKeys(connections, state, isFull ? state.allKeys : state.touchedKeys);
    await verifyListing(requests, state);
    await verifyVersions(requests, round.versions);
    await verifyLogs(requests, round.logs);
  } finally {
    for (const connection of connections) connection.close();
  }
  const orphans = await verifyStores(round);
  state.forgetRound();
  const keysRead = connections.reduce((sum, { counts }) => sum + counts.reads, 0);
  return { keysRead, orphans };
}

async function verifyStores({ dataDir, state }: RoundToVerify): Promise<number | null> {
  const path = join(dataDir, 'index.sqlite');
  const index = openReadOnly(path);
  try {
    await untilDeletionsAreDone(index);
    await verifyIndex(path);
    if (process.env.FASTDFS_TRACKERS) return null;
    const referenced = referencedFiles(index);
    const storePath = join(dataDir, 'fastdfs');
    return (await verifyFiles(storePath, referenced, state.unansweredContent)).length;
  } finally {
    index.close();
  }
}
