import type { Hash } from 'node:crypto';
import {
  BUCKET,
  contentOf,
  md5Of,
  type PartContent,
  type SentContent,
  type Value,
  valueOfParts,
} from './content.ts';
import { type Requests, targetOf, textOf, unquoted } from './requests.ts';
import type { Answer } from './s3-connection.ts';
import { partOf, type Upload, type UploadBook } from './upload-book.ts';
import { Violation } from './violation.ts';

/** Bytes of an object that is there before the load and stays as it is. */
export interface CopiedRange {
  readonly key: string;
  readonly content: Buffer;
  /** Null for the whole object. */
  readonly sizeBytes: number | null;
}

export async function createUpload(
  requests: Requests,
  book: UploadBook,
  key: string,
  tag: string,
): Promise<Upload> {
  const upload = book.begin(key, tag);
  const answer = await requests.send('POST', targetOf(key, '?uploads'), {
    headers: { 'x-amz-meta-tag': tag },
  });
  if (answer.status === 200) {
    upload.uploadId = textOf(answer, 'UploadId');
    upload.state = 'open';
  } else if (!requests.isFailure(answer)) {
    throw refused('CreateMultipartUpload', upload, answer);
  }
  return upload;
}

export async function uploadPart(
  requests: Requests,
  upload: Upload,
  partNumber: number,
  content: SentContent,
): Promise<void> {
  const body = contentOf(content.tag, content.sizeBytes);
  const etagOf = (answer: Answer) => answer.headers.etag;
  await sendPart(requests, upload, partNumber, {
    part: partContentOf(body),
    sent: content,
    etagOf,
    body,
  });
}

/** The part refers to bytes of the object; no file is made. */
export async function uploadPartCopy(
  requests: Requests,
  upload: Upload,
  partNumber: number,
  { key, content, sizeBytes }: CopiedRange,
): Promise<void> {
  const headers = {
    'x-amz-copy-source': `/${BUCKET}/${key}`,
    ...(sizeBytes !== null && { 'x-amz-copy-source-range': `bytes=0-${sizeBytes - 1}` }),
  };
  const part = partContentOf(content.subarray(0, sizeBytes ?? content.length));
  const etagOf = (answer: Answer) => textOf(answer, 'ETag');
  await sendPart(requests, upload, partNumber, { part, sent: null, etagOf, headers });
}

function partContentOf(body: Buffer): PartContent {
  return { size: body.length, etag: md5Of(body), addTo: (hash: Hash) => hash.update(body) };
}

async function sendPart(
  requests: Requests,
  upload: Upload,
  partNumber: number,
  sent: {
    readonly part: PartContent;
    readonly sent: SentContent | null;
    readonly etagOf: (answer: Answer) => string | undefined;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Buffer;
  },
): Promise<void> {
  const known = partOf(upload, partNumber);
  known.unanswered = sent.part;
  if (sent.sent) requests.state.beginSending(sent.sent);
  const query = `?partNumber=${partNumber}&uploadId=${upload.uploadId}`;
  const answer = await requests.send('PUT', targetOf(upload.key, query), {
    ...(sent.headers && { headers: sent.headers }),
    ...(sent.body && { body: sent.body }),
  });
  if (requests.isFailure(answer)) return;
  if (answer.status !== 200) throw refused('UploadPart', upload, answer);
  if (unquoted(sent.etagOf(answer)) !== sent.part.etag) {
    throw refused('UploadPart answered with a wrong ETag:', upload, answer);
  }
  known.acknowledged = sent.part;
  known.unanswered = null;
  if (sent.sent) requests.state.endSending(sent.sent);
  requests.counts.acknowledgedWrites += 1;
}

/** Of parts that were acknowledged. False when it failed (5xx) and may have happened or not. */
export async function completeUpload(
  requests: Requests,
  upload: Upload,
  partNumbers: readonly number[],
): Promise<boolean> {
  const value = completedValueOf(upload, partNumbers);
  const operation = `CompleteMultipartUpload of ${upload.tag}`;
  const write = requests.state.begin(upload.key, operation, { kind: 'put', value });
  upload.state = 'completing';
  upload.completion = { write, partNumbers, value };
  const answer = await requests.sendWrite([write], ...completeRequest(upload, partNumbers));
  if (!requests.settle(write, answer)) return false;
  upload.state = 'completed';
  checkCompleted(upload, answer, value);
  return true;
}

/** A completion that has happened, once more: it must give the same answer. */
export async function repeatComplete(requests: Requests, upload: Upload): Promise<void> {
  if (!upload.completion) throw new Error('the upload was not completed');
  const { partNumbers, value } = upload.completion;
  const answer = await requests.send(...completeRequest(upload, partNumbers));
  if (requests.isFailure(answer)) return;
  checkCompleted(upload, answer, value);
}

export async function abortUpload(requests: Requests, upload: Upload): Promise<void> {
  const wasAborting = upload.state === 'aborting';
  upload.state = 'aborting';
  const answer = await requests.send(
    'DELETE',
    targetOf(upload.key, `?uploadId=${upload.uploadId}`),
  );
  if (requests.isFailure(answer)) return;
  const isGone = answer.status === 204 || (wasAborting && answer.errorCode === 'NoSuchUpload');
  if (!isGone) throw refused('AbortMultipartUpload', upload, answer);
  upload.state = 'aborted';
}

function completedValueOf(upload: Upload, partNumbers: readonly number[]): Value {
  const parts = partNumbers.map((partNumber) => {
    const content = partOf(upload, partNumber).acknowledged;
    if (!content) throw new Error(`part ${partNumber} was not acknowledged`);
    return content;
  });
  return valueOfParts(upload.tag, parts);
}

function completeRequest(
  upload: Upload,
  partNumbers: readonly number[],
): [method: string, target: string, options: { body: Buffer }] {
  const parts = partNumbers.map((partNumber) => {
    const etag = partOf(upload, partNumber).acknowledged?.etag ?? '';
    return `<Part><PartNumber>${partNumber}</PartNumber><ETag>"${etag}"</ETag></Part>`;
  });
  const document = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
  const target = targetOf(upload.key, `?uploadId=${upload.uploadId}`);
  return ['POST', target, { body: Buffer.from(document) }];
}

function checkCompleted(upload: Upload, answer: Answer, value: Value): void {
  const isSame = answer.status === 200 && unquoted(textOf(answer, 'ETag')) === value.etag;
  if (!isSame) throw refused('CompleteMultipartUpload', upload, answer);
}

function refused(operation: string, upload: Upload, { status, body }: Answer): Violation {
  return new Violation(`${operation} was refused`, { upload, status, body: body.toString() });
}
