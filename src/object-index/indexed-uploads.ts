import type { Part, SegmentContent, Upload } from './records.ts';
import type {
  CompletedUpload,
  CompleteUploadOutcome,
  CompleteUploadRequest,
  ComposeObjectOutcome,
  ComposeObjectRequest,
  CopyPartRequest,
  ListUploadsPage,
  ListUploadsRequest,
  NewPart,
  UploadParts,
} from './upload-requests.ts';

/** Unfinished multipart uploads and their parts. Part of `ObjectIndex`, whose promises hold. */
export interface IndexedUploads {
  createUpload(upload: Upload): Promise<'created' | 'no-such-bucket'>;
  findUpload(bucketId: number, key: string, uploadId: string): Promise<Upload | null>;
  listUploads(request: ListUploadsRequest): Promise<ListUploadsPage>;
  /** Replaces the part of that number. */
  putPart(part: NewPart): Promise<'stored' | 'no-such-upload'>;
  copyPart(request: CopyPartRequest): Promise<'stored' | 'no-such-upload' | 'source-changed'>;
  listParts(
    uploadId: string,
    afterPartNumber: number,
    limit: number,
  ): Promise<{ readonly parts: readonly Part[]; readonly isTruncated: boolean }>;
  /** Where the bytes of a part begin; null where it has none, or is not there. */
  findPartStart(uploadId: string, partNumber: number): Promise<SegmentContent | null>;
  /** Bytes of an upload's parts, without one that is to be replaced. */
  sumParts(uploadId: string, exceptPartNumber: number): Promise<number>;
  completeUpload(request: CompleteUploadRequest): Promise<CompleteUploadOutcome>;
  /** No byte moves: the object takes the parts of the uploads over. */
  composeObject(request: ComposeObjectRequest): Promise<ComposeObjectOutcome>;
  /** Of those among the uploads that are of that bucket and have an empty key. */
  listPartsOfUploads(
    bucketId: number,
    uploadIds: readonly string[],
  ): Promise<readonly UploadParts[]>;
  /**
   * Drops uploads with an empty key whose IDs sort before that one, some of them; gives how many.
   */
  dropKeylessUploads(beforeUploadId: string): Promise<number>;
  findCompletedUpload(uploadId: string): Promise<CompletedUpload | null>;
  abortUpload(
    bucketId: number,
    key: string,
    uploadId: string,
  ): Promise<'aborted' | 'no-such-upload'>;
}
