import { contentOf, md5Of, type SentContent } from './content.ts';
import { NotSentError } from './http-connection.ts';
import {
  LOG_BUCKET,
  type LogChange,
  type LogShelf,
  md5OfPieces,
  type Pieces,
  sizeOfPieces,
} from './log-book.ts';
import type { Random } from './random.ts';
import type { Requests } from './requests.ts';
import type { RequestOptions } from './s3-connection.ts';
import { Violation } from './violation.ts';

const KIB = 1024;
const APPENDED_SIZES = { [KIB]: 6, [20 * KIB]: 3, [700 * KIB]: 1 } as const;
const CHANGES = { append: 10, rename: 5, copy: 3, delete: 1, read: 2 } as const;
/** A log of more pieces is begun anew. */
const PIECES_MAX = 12;

interface Sender {
  readonly requests: Requests;
  readonly shelf: LogShelf;
}

/** Changes one of the shelf's logs, or reads it; nothing while answers are missing for most. */
export async function useLogs(
  sender: Sender,
  random: Random,
  newContent: { readonly tag: string; readonly segmentSizeBytes: number },
): Promise<void> {
  const { shelf } = sender;
  const keys = shelf.settledKeys;
  if (keys.length < 2) return;
  const key = random.pick(keys);
  const target = random.pick(keys.filter((other) => other !== key));
  const pieces = shelf.heldOf(key);
  const what = random.weighted(CHANGES);
  if (what === 'read') return await readLog(sender, key);
  if (pieces.length === 0 || (what === 'append' && pieces.length < PIECES_MAX)) {
    const sizeBytes = Number(random.weighted(APPENDED_SIZES));
    return await append(sender, key, { ...newContent, sizeBytes });
  }
  if (what === 'rename') return await rename(sender, key, target);
  if (what === 'copy') return await copy(sender, key, target);
  await remove(sender, key);
}

export function logTargetOf(key: string, query = ''): string {
  return `/${LOG_BUCKET}/${key}${query}`;
}

/** Gives the MD5 of what is under the key; null for nothing, undefined for a failure (5xx). */
export async function fetchLog(
  requests: Requests,
  key: string,
): Promise<string | null | undefined> {
  const answer = await requests.send('GET', logTargetOf(key));
  requests.counts.reads += 1;
  if (requests.isFailure(answer)) return undefined;
  if (answer.status === 200) return md5Of(answer.body);
  if (answer.errorCode === 'NoSuchKey') return null;
  throw new Violation('a log cannot be read', { key, code: answer.errorCode });
}

async function readLog({ requests, shelf }: Sender, key: string): Promise<void> {
  const found = await fetchLog(requests, key);
  const pieces = shelf.heldOf(key);
  if (found === undefined || found === md5OfPieces(pieces)) return;
  throw new Violation('a log is not what was appended to it', { key, found, pieces });
}

async function append(sender: Sender, key: string, content: SentContent): Promise<void> {
  const { requests, shelf } = sender;
  const pieces = shelf.heldOf(key);
  requests.state.beginSending(content);
  const change = changeOf(`an append of ${content.tag}`, [key, [...pieces, content]]);
  const isSettled = await send(sender, change, 'PUT', logTargetOf(key), {
    body: contentOf(content.tag, content.sizeBytes),
    headers: { 'x-amz-write-offset-bytes': String(sizeOfPieces(pieces)) },
  });
  if (isSettled) requests.state.endSending(content);
}

async function rename(sender: Sender, key: string, target: string): Promise<void> {
  const change = changeOf(`RenameObject of ${key}`, [key, []], [target, sender.shelf.heldOf(key)]);
  await send(sender, change, 'PUT', logTargetOf(target, '?renameObject'), {
    headers: { 'x-amz-rename-source': key },
  });
}

async function copy(sender: Sender, key: string, target: string): Promise<void> {
  const change = changeOf(`CopyObject of ${key}`, [target, sender.shelf.heldOf(key)]);
  await send(sender, change, 'PUT', logTargetOf(target), {
    headers: { 'x-amz-copy-source': `/${LOG_BUCKET}/${key}` },
  });
}

async function remove(sender: Sender, key: string): Promise<void> {
  await send(sender, changeOf('DeleteObject', [key, []]), 'DELETE', logTargetOf(key));
}

function changeOf(operation: string, ...after: readonly [key: string, Pieces][]): LogChange {
  return { operation, after: new Map(after) };
}

/**
 * Resolves true when the change was acknowledged, false when it failed (5xx) and may have
 * happened. Nobody else writes to these keys, so that nothing may be refused.
 */
async function send(
  { requests, shelf }: Sender,
  change: LogChange,
  method: string,
  target: string,
  options: RequestOptions = {},
): Promise<boolean> {
  shelf.begin(change);
  try {
    const answer = await requests.send(method, target, options);
    if (requests.isFailure(answer)) return false;
    const { status, errorCode } = answer;
    if (errorCode !== null) {
      const { operation } = change;
      const held = shelf.keys.map((key) => [key, shelf.heldOf(key)]);
      throw new Violation(`${operation} was refused`, { target, status, errorCode, held });
    }
  } catch (error) {
    if (error instanceof NotSentError) shelf.end(change, false);
    throw error;
  }
  shelf.end(change, true);
  requests.counts.acknowledgedWrites += 1;
  return true;
}
