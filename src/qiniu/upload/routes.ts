import type { QiniuRoute } from '../operation.ts';
import { makeBlock, putChunk } from './blocks.ts';
import { completeUpload } from './complete-upload.ts';
import { formUpload } from './form-upload.ts';
import { makeFile } from './make-file.ts';
import { abortUpload, initiateUpload, listParts, putPart } from './parts-uploads.ts';
import { putBase64 } from './putb64.ts';

export const uploadRoutes: readonly QiniuRoute[] = [
  formUpload,
  putBase64,
  makeBlock,
  putChunk,
  makeFile,
  initiateUpload,
  putPart,
  completeUpload,
  abortUpload,
  listParts,
];
