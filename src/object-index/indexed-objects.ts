import type { DeletionResult, ExpiredObject, ObjectDeletion } from './deletion-requests.ts';
import type {
  CurrentObjectsPage,
  ListCurrentObjectsRequest,
  ListObjectsPage,
  ListObjectsRequest,
  ListVersionsPage,
  ListVersionsRequest,
} from './listing-requests.ts';
import type { ObjectPart, ObjectRecord, Segment } from './records.ts';
import type {
  AppendObjectOutcome,
  AppendObjectRequest,
  ChangeObjectOutcome,
  ChangeObjectRequest,
  CopyObjectOutcome,
  CopyObjectRequest,
  MoveObjectRequest,
  NewObject,
  PutObjectOutcome,
  RenameObjectOutcome,
  RenameObjectRequest,
  WriteCondition,
} from './write-requests.ts';

/** Objects and their versions by key. Part of `ObjectIndex`, whose promises hold. */
export interface IndexedObjects {
  putObject(object: NewObject, condition?: WriteCondition): Promise<PutObjectOutcome>;
  /** Puts bytes behind those of an object of a bucket without versions. */
  appendObject(request: AppendObjectRequest): Promise<AppendObjectOutcome>;
  /** Gives an object of a bucket without versions another key. */
  renameObject(request: RenameObjectRequest): Promise<RenameObjectOutcome>;
  /** No byte moves: the copy refers to the files of the source. */
  copyObject(request: CopyObjectRequest): Promise<CopyObjectOutcome>;
  /** Gives an object another key, and its date stays; what had that key is replaced. */
  moveObject(request: MoveObjectRequest): Promise<CopyObjectOutcome>;
  /**
   * Deletes up to `limit` objects whose `expiresAtMs` has come, as DeleteObject without a version
   * does, and tells which.
   */
  expireObjects(limit: number): Promise<readonly ExpiredObject[]>;
  /** When the next object is to be deleted; null where none is. */
  findNextExpiry(): Promise<number | null>;
  /** Tags, ACL, retention or legal hold of one version, whose rules hold inside the transaction. */
  changeObject(request: ChangeObjectRequest): Promise<ChangeObjectOutcome>;
  /**
   * The version of that id, `null` for the null version; the newest one, which may be a delete
   * marker, when no id is given.
   */
  findObject(
    bucketId: number,
    key: string,
    versionId?: string | null,
  ): Promise<ObjectRecord | null>;
  /**
   * Segments that overlap byte `fromOffset` and after, in order. None for an object whose `fileId`
   * tells all.
   */
  listSegments(objectId: number, fromOffset: number, limit: number): Promise<readonly Segment[]>;
  findObjectPart(objectId: number, partNumber: number): Promise<ObjectPart | null>;
  /** Of an object that was completed from parts. */
  listObjectParts(
    objectId: number,
    afterPartNumber: number,
    limit: number,
  ): Promise<{ readonly parts: readonly ObjectPart[]; readonly isTruncated: boolean }>;
  listObjects(request: ListObjectsRequest): Promise<ListObjectsPage>;
  /** Current versions with all that is known of them. */
  listCurrentObjects(request: ListCurrentObjectsRequest): Promise<CurrentObjectsPage>;
  listVersions(request: ListVersionsRequest): Promise<ListVersionsPage>;
  /**
   * What does not exist is no error (DeleteObject is idempotent). A key by itself stands for its
   * deletion without version and condition. Gives a result for each, in their order; whoever gives
   * several has to repeat it with the unfinished ones, which are fewer each time. Versions go before
   * keys; the same one given several times, even with several conditions, is deleted once and only
   * when all of them hold. `ownerId` is that of delete markers; the bucket's owner when left out.
   */
  deleteObjects(
    bucketId: number,
    deletions: readonly (string | ObjectDeletion)[],
    ownerId?: string,
  ): Promise<readonly DeletionResult[]>;
}
