import { type ChildProcess, fork } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { readFileId } from './blob-store/read-file-id.ts';
import { checkIndex } from './object-index/check/check-index.ts';
import type { ReadFileId } from './object-index/check/check-run.ts';
import { openSnapshot, takeSnapshot } from './object-index/check/snapshot.ts';
import type { IndexCheck } from './object-index/damage.ts';
import { removePartial } from './object-index/index-file.ts';

export interface CheckIndexOptions {
  readonly signal: AbortSignal;
  readonly onCopy: (copiedBytes: number, totalBytes: number) => void;
  readonly onCheck: (looked: number, total: number) => void;
}

/** What the process that checks is told, and says. */
export interface CheckOrder {
  readonly copyPath: string;
  readonly path: string;
}
export type CheckMessage =
  | { readonly looked: number; readonly total: number }
  | { readonly check: IndexCheck }
  | { readonly problem: string };

/**
 * Checks an index as it is now, in a copy beside `place` that is gone afterwards. Rejects with
 * `IndexFileError` when there is none or no space for the copy, and with the signal's reason.
 */
export async function checkIndexFile(
  path: string,
  place: string,
  options: CheckIndexOptions,
): Promise<IndexCheck> {
  const { signal, onCopy: onProgress } = options;
  const copyPath = await takeSnapshot(path, place, { signal, onProgress });
  const order = { copyPath, path };
  // TypeScript that is run directly has no compiled file to start a process with.
  if (!import.meta.url.endsWith('.js')) return checkCopy(order, options.onCheck);
  return await checkInProcess(order, options);
}

/** On this thread, which does nothing else meanwhile. */
export function checkCopy(
  { copyPath, path }: CheckOrder,
  onProgress: CheckIndexOptions['onCheck'],
): IndexCheck {
  const database = openSnapshot(copyPath);
  try {
    return checkIndex(database, path, { readFileId: readName, onProgress });
  } finally {
    database.close();
  }
}

/** One statement of SQLite may take minutes, and only a process of its own can be ended then. */
async function checkInProcess(order: CheckOrder, options: CheckIndexOptions): Promise<IndexCheck> {
  const child = fork(new URL('./check-index-worker.js', import.meta.url), {
    // Sorting needs space on the disk, which a small /tmp may not have.
    env: { ...process.env, SQLITE_TMPDIR: process.env.SQLITE_TMPDIR ?? dirname(order.copyPath) },
    execArgv: [],
    serialization: 'advanced',
    // Ctrl-C in a terminal reaches it too; it is ended from here.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { ino } = statSync(order.copyPath);
  const stop = () => child.kill('SIGKILL');
  options.signal.addEventListener('abort', stop);
  try {
    const answer = await answerOf(child, order, options);
    if ('check' in answer) return answer.check;
    throw new Error(answer.problem);
  } catch (error) {
    // It may have been ended before it took the name of the copy away, which others may have by now.
    const left = statSync(order.copyPath, { throwIfNoEntry: false });
    if (left?.ino === ino) removePartial(order.copyPath);
    throw error;
  } finally {
    options.signal.removeEventListener('abort', stop);
    stop();
  }
}

function answerOf(
  child: ChildProcess,
  order: CheckOrder,
  { signal, onCheck }: CheckIndexOptions,
): Promise<Exclude<CheckMessage, { readonly looked: number }>> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: CheckMessage) => {
      if ('looked' in message) onCheck(message.looked, message.total);
      else resolve(message);
    });
    child.once('error', reject);
    child.once('exit', (code, by) => {
      const ended = new Error(`the process that checks the index ended with ${by ?? code}`);
      reject(signal.aborted ? signal.reason : ended);
    });
    child.send(order);
  });
}

const readName: ReadFileId = (fileId) => {
  try {
    const { file, size } = readFileId(fileId);
    return { groupName: file.groupName, size };
  } catch {
    return null;
  }
};
