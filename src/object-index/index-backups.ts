import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { makeDirectories } from '../support/make-directories.ts';
import {
  backupNameOf,
  listBackups,
  removeOldBackups,
  removeUnfinished,
  sizeOf,
} from './backup-files.ts';
import { backUpIndex } from './copy-index.ts';
import { IndexFileError, indexSizeBytes } from './index-file.ts';

/** Backups of one index in one directory, of which the newest are kept. */
export interface BackupSettings {
  readonly indexPath: string;
  readonly directory: string;
  /** Letters and digits that no other index has. */
  readonly indexId: string;
  readonly keepCount: number;
}

export interface MadeBackup {
  readonly path: string;
  readonly timeMs: number;
  readonly sizeBytes: number;
  readonly objectCount: number;
  readonly problems: readonly string[];
  readonly removedPaths: readonly string[];
}

/** What the thread of a backup sends. */
export type FromBackupWorker =
  | { readonly kind: 'made'; readonly backup: MadeBackup }
  | { readonly kind: 'failed'; readonly message: string };

/** Left free on the disk of the index, beside a backup there: as much again as the index takes. */
const SPARE_BYTES_MIN = 64 * 2 ** 20;

/** Makes a backup in the directory, which is made as well, then removes those too many. */
export async function makeBackup(
  { indexPath, directory, indexId, keepCount }: BackupSettings,
  nowMs: number,
  signal: AbortSignal,
): Promise<MadeBackup> {
  makeDirectories(directory, 0o700);
  await removeUnfinished(directory, indexId);
  const path = join(directory, backupNameOf(indexId, nowMs));
  const { sizeBytes, counts, problems } = await backUpIndex(indexPath, path, {
    signal,
    spareBytes: Math.max(SPARE_BYTES_MIN, indexSizeBytes(indexPath)),
  });
  const removedPaths = await removeOldBackups(directory, { indexId, keepCount, nowMs });
  const timeMs = Math.floor(nowMs / 1_000) * 1_000;
  return { path, timeMs, sizeBytes, objectCount: counts.objects, problems, removedPaths };
}

/**
 * The backups of an index; each is made on a thread of its own, for it reads the whole index twice.
 * `threads` is as for the index itself.
 */
export class IndexBackupFiles {
  readonly #settings: BackupSettings;
  readonly #threads: boolean;

  constructor(settings: BackupSettings, threads: boolean = import.meta.url.endsWith('.js')) {
    this.#settings = settings;
    this.#threads = threads;
  }

  async findNewest(
    nowMs: number,
  ): Promise<{ path: string; timeMs: number; sizeBytes: number } | null> {
    const { directory, indexId } = this.#settings;
    const backups = await listBackups(directory, indexId);
    const newest = backups.find(({ timeMs }) => timeMs <= nowMs);
    if (!newest) return null;
    const path = join(directory, newest.name);
    return { path, timeMs: newest.timeMs, sizeBytes: await sizeOf(path) };
  }

  async make(nowMs: number, signal: AbortSignal): Promise<MadeBackup> {
    if (!this.#threads) return await makeBackup(this.#settings, nowMs, signal);
    const url = new URL('./backup-worker.js', import.meta.url);
    const workerData: BackupWorkerData = { settings: this.#settings, nowMs };
    return await resultOf(new Worker(url, { workerData, execArgv: [], name: 'backup' }), signal);
  }
}

export interface BackupWorkerData {
  readonly settings: BackupSettings;
  readonly nowMs: number;
}

/** Tells the thread to stop when the signal is aborted; settles when the thread has ended. */
export async function resultOf(worker: Worker, signal: AbortSignal): Promise<MadeBackup> {
  const stop = () => worker.postMessage('stop');
  signal.addEventListener('abort', stop);
  try {
    return await new Promise<MadeBackup>((resolve, reject) => {
      let answer: FromBackupWorker | null = null;
      worker.on('message', (message: FromBackupWorker) => {
        answer = message;
      });
      worker.on('error', reject);
      worker.on('exit', (code) => {
        if (answer?.kind === 'made') return resolve(answer.backup);
        reject(
          new IndexFileError(answer?.message ?? `the thread of the backup ended with ${code}`),
        );
      });
      if (signal.aborted) stop();
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
