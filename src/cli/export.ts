import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { getBucket } from '../core/access/access.ts';
import { csvLine, currentObjects, jsonLine } from '../core/import/export-lines.ts';
import type { ObjectRecord } from '../object-index/records.ts';
import type { CommandContext, CommandOutput } from './command.ts';
import { UsageError } from './failures.ts';
import { takeInterruption } from './interruption.ts';
import { openProgress } from './progress.ts';

export interface ExportOptions {
  readonly format?: string;
  readonly prefix?: string;
  readonly after?: string;
  readonly out?: string;
}

/** Who knows a file ID may read the file. */
const OWNER_ONLY = 0o600;

/**
 * Writes which files a bucket is made of, in the order of keys and with flat memory. What is stopped
 * goes on with `--after` and the last key that was written.
 */
export async function exportObjects(
  { services: { core } }: CommandContext,
  bucketName: string,
  { format = 'csv', prefix = '', after = '', out }: ExportOptions,
): Promise<CommandOutput | null> {
  if (format !== 'csv' && format !== 'jsonl') {
    throw new UsageError('--format must be csv or jsonl.');
  }
  const bucket = await getBucket(core, bucketName);
  const { objectCount } = await core.index.findBucketUsage(bucket.id);
  const output = openOutput(out);
  const progress = openProgress('Exporting', objectCount);
  const interruption = takeInterruption();
  const counts = { exported: 0, leftOut: 0 };
  const lineOf = async (object: ObjectRecord) =>
    format === 'csv' ? csvLine(object) : await jsonLine(core, object);
  try {
    const range = { bucketId: bucket.id, prefix, after };
    for await (const objects of currentObjects(core, range, interruption.signal)) {
      for (const object of objects) {
        const line = await lineOf(object);
        counts[line === null ? 'leftOut' : 'exported'] += 1;
        if (line !== null) await output.write(line);
      }
      progress.advance(objects.length);
    }
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
  } finally {
    interruption.release();
    progress.stop();
    await output.close();
  }
  return report(bucketName, out, counts, interruption.signal.aborted);
}

function report(
  bucketName: string,
  out: string | undefined,
  { exported, leftOut }: { readonly exported: number; readonly leftOut: number },
  isInterrupted: boolean,
): CommandOutput | null {
  const missing =
    leftOut === 0
      ? ''
      : ` ${leftOut} objects that are not exactly one file are left out: --format jsonl has them.`;
  const text = `Exported ${exported} objects of ${bucketName}.${missing}${isInterrupted ? ' Interrupted.' : ''}`;
  const json = { bucket: bucketName, exported, leftOut, finished: !isInterrupted };
  if (out !== undefined) return { json, text, failed: isInterrupted };
  // Standard output has the lines, and nothing else.
  console.error(text);
  if (isInterrupted) process.exitCode = 1;
  return null;
}

interface Output {
  write(line: string): Promise<void>;
  /** Writes what waits, too. */
  close(): Promise<void>;
}

/** Lines are written some at a time. */
const BUFFER_SIZE = 64 * 1024;

function openOutput(path: string | undefined): Output {
  const file = path === undefined ? null : openNew(path);
  let waiting = '';
  const flush = async () => {
    const text = waiting;
    waiting = '';
    if (file !== null) writeSync(file, text);
    else if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  };
  return {
    write: async (line) => {
      waiting += line;
      if (waiting.length >= BUFFER_SIZE) await flush();
    },
    close: async () => {
      await flush();
      if (file !== null) closeSync(file);
    },
  };
}

function openNew(path: string): number {
  try {
    return openSync(path, 'wx', OWNER_ONLY);
  } catch (error) {
    throw new UsageError(`--out ${path} cannot be made: ${(error as Error).message}.`);
  }
}
