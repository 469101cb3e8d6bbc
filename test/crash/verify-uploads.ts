import { chosenParts } from './load-upload.ts';
import { abortUpload, completeUpload, repeatComplete } from './multipart-writes.ts';
import type { Random } from './random.ts';
import { type Requests, targetOf, unquoted } from './requests.ts';
import type { Upload, UploadBook } from './upload-book.ts';
import { Violation } from './violation.ts';

/**
 * After a restart: finds out which completions and abortions happened that were not answered, and
 * throws `Violation` when uploads or parts are not as they must be. Objects are to be verified after
 * this and before `finishUploads`.
 */
export async function resolveUploads(requests: Requests, book: UploadBook): Promise<void> {
  const listed = await listUploads(requests);
  for (const upload of book.uploads) {
    const isListed = upload.uploadId !== null && listed.delete(upload.uploadId);
    resolveUpload(requests, upload, isListed);
    if (upload.state === 'open') await checkParts(requests, upload);
  }
  for (const [uploadId, key] of listed) await adopt(requests, book, uploadId, key);
}

/** Completes some uploads that are open, aborts the others, and repeats completions. */
export async function finishUploads(
  requests: Requests,
  book: UploadBook,
  random: Random,
): Promise<void> {
  for (const upload of book.uploads) {
    if (upload.state === 'completed' && random.chance(0.3)) await repeatComplete(requests, upload);
    if (upload.state !== 'open') continue;
    const partNumbers = chosenParts(upload);
    if (partNumbers.length > 0 && random.chance(0.5)) {
      await completeUpload(requests, upload, partNumbers);
    } else {
      await abortUpload(requests, upload);
    }
  }
  const left = await listUploads(requests);
  if (left.size > 0) throw new Violation('uploads are left over', { left: [...left] });
  book.clear();
}

function resolveUpload({ state }: Requests, upload: Upload, isListed: boolean): void {
  const { completion } = upload;
  const mustBeGone = upload.state === 'completed' || upload.state === 'aborted';
  const mustBeThere = upload.state === 'open';
  if ((mustBeGone && isListed) || (mustBeThere && !isListed)) {
    throw new Violation(`an upload is ${isListed ? 'still' : 'not'} there`, { upload });
  }
  if (upload.state === 'completing' && completion) {
    // Now it is known: only an object without the upload, or the upload without the object, will do.
    state.end(completion.write, isListed ? 'refused' : 'acknowledged');
    upload.state = isListed ? 'open' : 'completed';
  }
  if (upload.state === 'aborting') upload.state = isListed ? 'open' : 'aborted';
}

/** By upload ID, its key. */
async function listUploads(requests: Requests): Promise<Map<string, string>> {
  const answer = await requests.send('GET', targetOf('', '?uploads&max-uploads=1000'));
  const text = answer.body.toString();
  if (answer.status !== 200 || text.includes('<IsTruncated>true')) {
    throw new Violation('the uploads cannot be listed', { status: answer.status, text });
  }
  return new Map(
    [...text.matchAll(/<Upload>(.*?)<\/Upload>/gs)].map(([, upload = '']) => [
      /<UploadId>(.*?)</.exec(upload)?.[1] ?? '',
      /<Key>(.*?)</.exec(upload)?.[1] ?? '',
    ]),
  );
}

/** Each part that was acknowledged is there; each that was not is wholly there or not at all. */
async function checkParts(requests: Requests, upload: Upload): Promise<void> {
  const target = targetOf(upload.key, `?uploadId=${upload.uploadId}`);
  const answer = await requests.send('GET', target);
  const found = new Map(
    [...answer.body.toString().matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => [
      Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
      `${unquoted(/<ETag>(.*?)</.exec(part)?.[1])} ${/<Size>(\d+)</.exec(part)?.[1]}`,
    ]),
  );
  for (const [partNumber, part] of upload.parts) {
    const { acknowledged, unanswered } = part;
    const isNew = unanswered !== null && found.get(partNumber) === describe(unanswered);
    if (isNew) part.acknowledged = unanswered;
    part.unanswered = null;
    if (isNew || found.get(partNumber) === describe(acknowledged)) found.delete(partNumber);
    else if (acknowledged) throw new Violation('a part was lost', { upload, partNumber, part });
  }
  if (found.size > 0) throw new Violation('parts are not as sent', { upload, found: [...found] });
}

function describe(part: { readonly etag: string; readonly size: number } | null): string | null {
  return part && `${part.etag} ${part.size}`;
}

/** An upload whose creation was not answered. It has no parts, for nobody knew its ID. */
async function adopt(
  requests: Requests,
  book: UploadBook,
  uploadId: string,
  key: string,
): Promise<void> {
  const created = book.uploads.find(
    (upload) => upload.state === 'creating' && upload.uploadId === null && upload.key === key,
  );
  if (!created) throw new Violation('an upload is there that nobody created', { uploadId, key });
  created.uploadId = uploadId;
  created.state = 'open';
  await checkParts(requests, created);
}
