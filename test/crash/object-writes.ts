import { createHash } from 'node:crypto';
import { BUCKET, contentOf, SELF_COPY_TAG, type SentContent, storedValueOf } from './content.ts';
import type { Write } from './key-history.ts';
import { type Requests, targetOf, textOf, unquoted } from './requests.ts';
import { Violation } from './violation.ts';

const TAG_HEADER = 'x-amz-meta-tag';

export interface PutOptions extends SentContent {
  /** `*` as If-None-Match, or an ETag as If-Match. */
  readonly condition?: { readonly ifNoneMatch: '*' } | { readonly ifMatch: string };
}

/** Resolves when the gateway has answered; rejects when it did not. */
export async function putObject(
  requests: Requests,
  key: string,
  options: PutOptions,
): Promise<void> {
  const { state } = requests;
  const { tag, sizeBytes, condition } = options;
  const body = contentOf(tag, sizeBytes);
  const value = storedValueOf(tag, body);
  const operation = `PutObject ${condition ? JSON.stringify(condition) : ''} of ${tag}`;
  const write = state.begin(key, operation, { kind: 'put', value }, options);
  const answer = await requests.sendWrite([write], 'PUT', targetOf(key), {
    body,
    headers: { [TAG_HEADER]: tag, ...conditionHeaders(condition) },
  });
  const isStored = requests.settle(
    write,
    answer,
    condition ? ['PreconditionFailed', 'NoSuchKey'] : [],
  );
  if (isStored && unquoted(answer.headers.etag) !== value.etag) {
    throw new Violation('PutObject answered with a wrong ETag', {
      key,
      etag: answer.headers.etag,
      value,
    });
  }
  if (condition) checkCondition(requests, write, condition);
}

function conditionHeaders(condition: PutOptions['condition']): Record<string, string> {
  if (!condition) return {};
  return 'ifMatch' in condition
    ? { 'If-Match': `"${condition.ifMatch}"` }
    : { 'If-None-Match': condition.ifNoneMatch };
}

/** Throws when the condition cannot have been as the outcome says at any time of the request. */
function checkCondition(
  { state }: Requests,
  write: Write,
  condition: NonNullable<PutOptions['condition']>,
): void {
  if (write.outcome === 'unanswered') return;
  const held = state.heldOf(write.key, write, write);
  const isMet = (etag: string | null) =>
    'ifMatch' in condition ? etag === condition.ifMatch : etag === null;
  const wasStored = write.outcome === 'acknowledged';
  if (held.some((value) => isMet(value?.etag ?? null) === wasStored)) return;
  throw new Violation(
    `a condition was ${wasStored ? 'taken as met' : 'not met'} against all that the key held`,
    {
      key: write.key,
      condition,
      held,
      writes: state.writesOf(write.key),
    },
  );
}

export async function deleteObject(requests: Requests, key: string): Promise<void> {
  const write = requests.state.begin(key, 'DeleteObject', { kind: 'delete' });
  requests.settle(write, await requests.sendWrite([write], 'DELETE', targetOf(key)));
}

export async function deleteObjects(requests: Requests, keys: readonly string[]): Promise<void> {
  const writes = keys.map((key) => requests.state.begin(key, 'DeleteObjects', { kind: 'delete' }));
  const items = keys.map((key) => `<Object><Key>${key}</Key></Object>`);
  const body = Buffer.from(`<Delete>${items.join('')}</Delete>`);
  const headers = { 'Content-MD5': createHash('md5').update(body).digest('base64') };
  const answer = await requests.sendWrite(writes, 'POST', targetOf('', '?delete'), {
    body,
    headers,
  });
  if (requests.isFailure(answer)) return;
  const deleted = new Set(
    [...answer.body.toString().matchAll(/<Deleted><Key>(.*?)<\/Key>/g)].map(([, key]) => key),
  );
  for (const write of writes) {
    // An error of one key is told as an element among the others.
    if (deleted.has(write.key)) requests.settle(write, answer);
    else requests.isFailure({ ...answer, errorCode: textOf(answer, 'Code') });
  }
}

/** Onto itself it changes the metadata, as S3 demands. */
export async function copyObject(
  requests: Requests,
  sourceKey: string,
  key: string,
): Promise<void> {
  const { state } = requests;
  const write = state.begin(key, `CopyObject of ${sourceKey}`, { kind: 'copy', sourceKey });
  const answer = await requests.sendWrite([write], 'PUT', targetOf(key), {
    headers: {
      'x-amz-copy-source': `/${BUCKET}/${sourceKey}`,
      ...(sourceKey === key && {
        'x-amz-metadata-directive': 'REPLACE',
        [TAG_HEADER]: SELF_COPY_TAG,
      }),
    },
  });
  const isCopied = requests.settle(write, answer, ['NoSuchKey', 'ConditionalRequestConflict']);
  if (write.outcome === 'unanswered' || answer.errorCode === 'ConditionalRequestConflict') return;
  const etag = isCopied ? unquoted(textOf(answer, 'ETag')) : null;
  const held = state.heldOf(sourceKey, write, write);
  const copied = held.find((value) => (value?.etag ?? null) === etag);
  if (copied === undefined) {
    const facts = { key, sourceKey, etag, held, writes: state.writesOf(sourceKey) };
    throw new Violation('CopyObject copied what its source never held', facts);
  }
  if (copied) write.effect = { kind: 'put', value: copied };
}
