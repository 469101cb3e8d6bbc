import { createUpload } from '../../src/core/multipart/create-upload.ts';
import { uploadPart } from '../../src/core/multipart/upload-part.ts';
import type {
  ChecksumAlgorithm,
  ChecksumType,
  Part,
  Upload,
} from '../../src/object-index/records.ts';
import type { TestCore } from './core-services.ts';
import { incomingContent } from './incoming-content.ts';

const signal = new AbortController().signal;

/** An upload of alice to `photos`. */
export function startUpload(
  core: TestCore,
  options: {
    readonly key?: string;
    readonly checksumAlgorithm?: ChecksumAlgorithm;
    readonly checksumType?: ChecksumType;
  } = {},
): Promise<Upload> {
  return createUpload(core, {
    bucket: core.bucket,
    key: options.key ?? 'film.mp4',
    caller: core.alice,
    description: { headers: { 'content-type': 'video/mp4' }, userMetadata: { name: 'film' } },
    checksumAlgorithm: options.checksumAlgorithm ?? null,
    checksumType: options.checksumType ?? null,
  });
}

export function sendPart(
  core: TestCore,
  upload: Upload,
  partNumber: number,
  bytes: Buffer,
): Promise<Part> {
  return uploadPart(core, {
    bucket: core.bucket,
    key: upload.key,
    uploadId: upload.uploadId,
    partNumber,
    content: incomingContent(bytes),
    signal,
  });
}
