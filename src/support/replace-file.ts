import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory } from './make-directories.ts';

const OWNER_ONLY_FILE = 0o600;

/** Puts a text in the place of what a file holds: whoever reads it finds the old one or this one. */
export function replaceFile(path: string, text: string): void {
  const temporary = temporaryName(path);
  writeSynced(temporary, text);
  renameSync(temporary, path);
  syncDirectory(dirname(path));
}

/** Makes a new file, readable by its owner only, that is on the disk when this returns. */
export function writeSynced(path: string, text: string): void {
  const file = openSync(path, 'wx', OWNER_ONLY_FILE);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A name beside a file that nobody else takes. */
export function temporaryName(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
}
