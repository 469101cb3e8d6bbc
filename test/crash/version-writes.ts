import { contentOf, type SentContent, storedValueOf } from './content.ts';
import { NotSentError } from './http-connection.ts';
import type { Requests } from './requests.ts';
import type { Answer } from './s3-connection.ts';
import { type OpenWrite, VERSIONED_BUCKET, type VersionBook } from './version-book.ts';
import { Violation } from './violation.ts';

const targetOf = (key: string, query = '') => `/${VERSIONED_BUCKET}/${key}${query}`;

export async function putVersion(
  requests: Requests,
  book: VersionBook,
  key: string,
  sent: SentContent,
): Promise<void> {
  const body = contentOf(sent.tag, sent.sizeBytes);
  const write = { key, value: storedValueOf(sent.tag, body) };
  requests.state.beginSending(sent);
  const answer = await sendWrite(requests, book, write, 'PUT', targetOf(key), { body });
  if (settle(requests, book, write, answer)) requests.counts.acknowledgedWrites += 1;
  else if (answer.status >= 500) return;
  requests.state.endSending(sent);
}

/** Puts a delete marker on top. */
export async function markDeleted(
  requests: Requests,
  book: VersionBook,
  key: string,
): Promise<void> {
  const write = { key, value: null };
  const answer = await sendWrite(requests, book, write, 'DELETE', targetOf(key));
  if (settle(requests, book, write, answer)) requests.counts.acknowledgedDeletes += 1;
}

export async function deleteVersion(
  requests: Requests,
  book: VersionBook,
  version: { readonly key: string; readonly versionId: string },
): Promise<void> {
  const { key, versionId } = version;
  book.beginDeletion(versionId);
  const answer = await requests.send('DELETE', targetOf(key, `?versionId=${versionId}`));
  if (requests.isFailure(answer)) return;
  if (answer.status !== 204) throw refused('a deletion of a version', key, answer);
  book.endDeletion(versionId);
  requests.counts.acknowledgedDeletes += 1;
}

async function sendWrite(
  requests: Requests,
  book: VersionBook,
  write: OpenWrite,
  ...request: Parameters<Requests['send']>
): Promise<Answer> {
  book.begin(write);
  try {
    return await requests.send(...request);
  } catch (error) {
    if (error instanceof NotSentError) book.end(write, null);
    throw error;
  }
}

/** False after a 5xx: it may have happened. */
function settle(requests: Requests, book: VersionBook, write: OpenWrite, answer: Answer): boolean {
  if (requests.isFailure(answer)) return false;
  const versionId = String(answer.headers['x-amz-version-id'] ?? '');
  if (answer.status >= 300 || !versionId) throw refused('a write', write.key, answer);
  book.end(write, versionId);
  return true;
}

function refused(what: string, key: string, { status, errorCode, headers }: Answer): Violation {
  return new Violation(`${what} in the versioned bucket was refused`, {
    ...{ key, status, errorCode, headers },
  });
}
