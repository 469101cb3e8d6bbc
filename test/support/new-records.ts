import type { ObjectIndex } from '../../src/object-index/object-index.ts';
import type { ObjectRecord, Upload } from '../../src/object-index/records.ts';
import { noSubresources } from '../../src/object-index/records.ts';
import type { NewPart } from '../../src/object-index/upload-requests.ts';
import type { NewObject } from '../../src/object-index/write-requests.ts';
import { NOW_MS } from './object-index.ts';

let filesMade = 0;

/** A file ID that no other call gives. */
export function newFileId(group = 'group1'): string {
  filesMade += 1;
  return `${group}/M00/00/00/test-${filesMade}`;
}

export function newObject(
  bucketId: number,
  key: string,
  overrides: Partial<NewObject> = {},
): NewObject {
  const size = overrides.size ?? overrides.segments?.reduce((sum, one) => sum + one.size, 0) ?? 10;
  return {
    bucketId,
    key,
    ownerId: 'owner',
    size,
    etag: `etag-${key}`,
    checksum: null,
    lastModifiedMs: NOW_MS,
    segments: size === 0 ? [] : [{ fileId: newFileId(), fileOffset: 0, size }],
    headers: {},
    userMetadata: {},
    ...overrides,
  };
}

/** Puts and gives the object, or fails. */
export async function putObject(
  index: Pick<ObjectIndex, 'putObject'>,
  object: NewObject,
): Promise<ObjectRecord> {
  const stored = await index.putObject(object);
  if (stored.outcome !== 'stored') throw new Error(stored.outcome);
  return stored.object;
}

export function newUpload(bucketId: number, key: string, uploadId: string): Upload {
  return {
    uploadId,
    bucketId,
    key,
    ownerId: 'owner',
    initiatorId: 'owner',
    initiatedAtMs: NOW_MS,
    checksumAlgorithm: null,
    checksumType: null,
    headers: {},
    userMetadata: {},
    ...noSubresources,
  };
}

export function newPart(
  upload: Pick<Upload, 'bucketId' | 'key' | 'uploadId'>,
  partNumber: number,
  overrides: Partial<NewPart> = {},
): NewPart {
  const size = overrides.size ?? overrides.segments?.reduce((sum, one) => sum + one.size, 0) ?? 5;
  return {
    bucketId: upload.bucketId,
    key: upload.key,
    uploadId: upload.uploadId,
    partNumber,
    size,
    etag: `etag-${partNumber}`,
    checksum: null,
    lastModifiedMs: NOW_MS,
    segments: size === 0 ? [] : [{ fileId: newFileId(), fileOffset: 0, size }],
    ...overrides,
  };
}
