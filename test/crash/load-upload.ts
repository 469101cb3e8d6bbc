import {
  abortUpload,
  completeUpload,
  createUpload,
  repeatComplete,
  uploadPart,
  uploadPartCopy,
} from './multipart-writes.ts';
import type { Random } from './random.ts';
import type { Requests } from './requests.ts';
import { partOf, type Upload, type UploadBook } from './upload-book.ts';

const KIB = 1024;
const PART_SIZES = [KIB, 20 * KIB, 300 * KIB] as const;

const PARTS = { one: 5, 'copied range': 3, 'large and small': 2 } as const;
const ENDS = { complete: 10, 'complete twice': 5, abort: 4, 'leave it': 3 } as const;

interface UploadingClient {
  readonly requests: Requests;
  readonly uploads: UploadBook;
  readonly random: Random;
  readonly settings: {
    readonly segmentSizeBytes: number;
    readonly base: { readonly key: string; readonly content: Buffer };
  };
  readonly ownKey: string;
  readonly hotKey: string;
  newTag(): string;
}

/** A multipart upload from its begin to one of its ends. */
export async function runUpload(client: UploadingClient): Promise<void> {
  const { random, requests, uploads } = client;
  const key = random.chance(0.7) ? client.ownKey : client.hotKey;
  const upload = await createUpload(requests, uploads, key, client.newTag());
  if (upload.state !== 'open') return;
  await uploadParts(client, upload);
  const end = random.weighted(ENDS);
  if (end === 'leave it') return;
  if (end === 'abort') return await abortUpload(requests, upload);
  const partNumbers = chosenParts(upload);
  if (partNumbers.length === 0) return;
  const isCompleted = await completeUpload(requests, upload, partNumbers);
  if (isCompleted && end === 'complete twice') await repeatComplete(requests, upload);
}

async function uploadParts(client: UploadingClient, upload: Upload): Promise<void> {
  const { random, requests } = client;
  const { base } = client.settings;
  const what = random.weighted(PARTS);
  if (what === 'large and small') {
    await uploadPartCopy(requests, upload, 1, { ...base, sizeBytes: null });
  }
  // A number of its own: gaps between part numbers are allowed.
  const last = random.integer(2, 9);
  if (what === 'copied range') {
    const sizeBytes = random.integer(1, 200 * KIB);
    await uploadPartCopy(requests, upload, last, { ...base, sizeBytes });
  }
  // The first time it may be replaced by the second, or by the range above before it.
  const times = what === 'copied range' ? random.integer(0, 1) : random.integer(1, 2);
  for (let time = 0; time < times; time += 1) await uploadTail(client, upload, last);
  // Not listed when it is completed, and dropped then.
  if (random.chance(0.2)) await uploadTail(client, upload, last + 1);
}

async function uploadTail(
  client: UploadingClient,
  upload: Upload,
  partNumber: number,
): Promise<void> {
  const { segmentSizeBytes } = client.settings;
  const content = {
    tag: client.newTag(),
    sizeBytes: client.random.pick(PART_SIZES),
    segmentSizeBytes,
  };
  await uploadPart(client.requests, upload, partNumber, content);
}

/** What may be completed: all parts that are known for sure, but small ones only at the end. */
export function chosenParts(upload: Upload): number[] {
  const known = [...upload.parts.keys()]
    .sort((one, other) => one - other)
    .filter((partNumber) => isKnown(upload, partNumber));
  const small = known.find((partNumber) => partNumber !== 1);
  return known.filter((partNumber) => partNumber === 1 || partNumber === small);
}

function isKnown(upload: Upload, partNumber: number): boolean {
  const { acknowledged, unanswered } = partOf(upload, partNumber);
  return acknowledged !== null && unanswered === null;
}
