import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface BackupFileName {
  readonly name: string;
  readonly timeMs: number;
}

/**
 * `index-1f2e3d4c-20260131T235959Z.sqlite`: of which index, so that several gateways may share a
 * directory, and when, in UTC.
 */
export function backupNameOf(indexId: string, timeMs: number): string {
  const stamp = new Date(timeMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
  return `index-${indexId}-${stamp}.sqlite`;
}

/** Null for every name that `backupNameOf` does not give for that index. */
export function parseBackupName(indexId: string, name: string): BackupFileName | null {
  const match = /^index-\w+-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.sqlite$/.exec(name);
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  const timeMs = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
  return backupNameOf(indexId, timeMs) === name ? { name, timeMs } : null;
}

/** Backups of that index in the directory, newest first; none when the directory is missing. */
export async function listBackups(directory: string, indexId: string): Promise<BackupFileName[]> {
  const backups: BackupFileName[] = [];
  for (const name of await namesIn(directory)) {
    const parsed = parseBackupName(indexId, name);
    if (parsed) backups.push(parsed);
  }
  return backups.sort((one, other) => other.timeMs - one.timeMs);
}

/**
 * Removes all but the newest `keepCount` backups of that index; gives the paths of those removed.
 * What seems to come from the future, since a clock was wrong, is neither counted nor removed.
 */
export async function removeOldBackups(
  directory: string,
  { indexId, keepCount, nowMs }: { indexId: string; keepCount: number; nowMs: number },
): Promise<string[]> {
  const backups = await listBackups(directory, indexId);
  const old = backups.filter(({ timeMs }) => timeMs <= nowMs).slice(keepCount);
  const paths = old.map(({ name }) => join(directory, name));
  for (const path of paths) await rm(path, { force: true });
  return paths;
}

/** Removes what a process that was killed has left of backups of that index. */
export async function removeUnfinished(directory: string, indexId: string): Promise<void> {
  for (const name of await namesIn(directory)) {
    const [finished] = name.split('.partial', 1);
    if (finished === name || !parseBackupName(indexId, finished ?? '')) continue;
    if (/\.partial(-journal|-wal|-shm)?$/.test(name))
      await rm(join(directory, name), { force: true });
  }
}

export async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
