import { createHash } from 'node:crypto';
import { md5Of, SELF_COPY_TAG, type Value } from './content.ts';
import type { Held, Span } from './key-history.ts';
import { type Requests, targetOf, unquoted } from './requests.ts';
import type { Answer } from './s3-connection.ts';
import { Violation } from './violation.ts';

/**
 * Reads the object whole and throws `Violation` unless it is, to the last byte, something that the
 * key may have held meanwhile. Resolves to what it is; undefined when the gateway failed (5xx).
 */
export async function readObject(requests: Requests, key: string): Promise<Held | undefined> {
  const { state } = requests;
  const startedAt = state.tick();
  const answer = await requests.send('GET', targetOf(key));
  requests.counts.reads += 1;
  if (requests.isFailure(answer)) return undefined;
  const held = heldAmong(requests, key, answer, { startedAt, endedAt: state.tick() });
  if (held) checkContent(requests, key, answer, held);
  return held;
}

/** Like `readObject`, of an object that nobody writes to any more. */
export async function readSettling(requests: Requests, key: string): Promise<Held> {
  const answer = await requests.send('GET', targetOf(key));
  requests.counts.reads += 1;
  const held = heldAmong(requests, key, answer);
  if (held) checkContent(requests, key, answer, held);
  return held;
}

/** Throws unless HEAD tells the same as was read. */
export async function checkHead(requests: Requests, key: string, held: Held): Promise<void> {
  const answer = await requests.send('HEAD', targetOf(key));
  const told = answer.status === 404 ? null : unquoted(answer.headers.etag);
  const size = held === null ? undefined : String(held.size);
  const isSame = held === null ? answer.status === 404 : answer.headers['content-length'] === size;
  if (isSame && told === (held?.etag ?? null)) return;
  const { status, headers } = answer;
  throw new Violation('HEAD disagrees with GET', { key, held, status, headers });
}

function heldAmong(requests: Requests, key: string, answer: Answer, span?: Span): Held {
  const { status, errorCode, headers } = answer;
  const isThere = status === 200;
  const held = requests.state.heldOf(key, span);
  const etag = isThere ? unquoted(headers.etag) : null;
  const found = held.find((value) => (value?.etag ?? null) === etag);
  if ((isThere || errorCode === 'NoSuchKey') && found !== undefined) return found;
  throw new Violation(isThere ? 'an object is not what it must be' : 'an object cannot be read', {
    key,
    status,
    errorCode,
    etag,
    mayHold: held,
    before: requests.state.settledOf(key),
    writes: requests.state.writesOf(key),
  });
}

function checkContent(requests: Requests, key: string, answer: Answer, value: Value): void {
  const { body, headers } = answer;
  const tag = headers['x-amz-meta-tag'];
  // All empty objects have the same ETag, whatever their tag is.
  const isTagged = tag === value.tag || tag === SELF_COPY_TAG || value.size === 0;
  if (body.length === value.size && md5Of(body) === value.md5 && isTagged) return;
  throw new Violation('an object has other bytes than its ETag says', {
    key,
    expected: value,
    found: { size: body.length, md5: createHash('md5').update(body).digest('hex'), tag },
    writes: requests.state.writesOf(key),
  });
}
