import type { Damage, RepairOutcome } from './damage.ts';
import type {
  AccessKey,
  AccessKeyChange,
  Bucket,
  BucketDomain,
  DeletionQueueState,
  FailingDeletion,
  ListedBucket,
  NamedFile,
  NewBucket,
  ObjectPart,
  ObjectRecord,
  Part,
  PendingDeletion,
  PostponedDeletion,
  Quota,
  ReplicaCheck,
  ReplicaCheckKey,
  ReplicaCheckQueue,
  Segment,
  SegmentContent,
  Upload,
  User,
  UserPolicy,
  VersioningState,
} from './records.ts';
import type {
  AppendObjectOutcome,
  AppendObjectRequest,
  ChangeObjectOutcome,
  ChangeObjectRequest,
  CompletedUpload,
  CompleteUploadOutcome,
  CompleteUploadRequest,
  ComposeObjectOutcome,
  ComposeObjectRequest,
  CopyObjectOutcome,
  CopyObjectRequest,
  CopyPartRequest,
  CurrentObjectsPage,
  DeletionResult,
  DueDeletionsRequest,
  ExpiredObject,
  FileReferencesPage,
  FileUse,
  Growth,
  ImportObjectsOutcome,
  ImportObjectsRequest,
  ListCurrentObjectsRequest,
  ListFileReferencesRequest,
  ListObjectsPage,
  ListObjectsRequest,
  ListUploadsPage,
  ListUploadsRequest,
  ListVersionsPage,
  ListVersionsRequest,
  MoveObjectRequest,
  NewObject,
  NewPart,
  ObjectDeletion,
  PutBucketDomainOutcome,
  PutObjectOutcome,
  QueuedOrphans,
  QuotaExceeded,
  QuotaHolder,
  RenameObjectOutcome,
  RenameObjectRequest,
  RepointFileOutcome,
  RepointFileRequest,
  SetObjectLockOutcome,
  SetVersioningOutcome,
  UploadParts,
  Usage,
  WriteCondition,
} from './requests.ts';

/**
 * Buckets, keys, uploads, users and files to delete.
 *
 * Each method is one transaction. A write that resolved is durable on disk, and every later read
 * sees it. A file that loses its last reference is queued for deletion in the same transaction.
 * Keys order by their UTF-8 bytes. No text may hold U+0000, which PostgreSQL has no place for: AWS
 * takes it in keys, but then no XML can tell of them, and the edges refuse it. Rejects with `IndexError` when the database fails.
 */
export interface ObjectIndex {
  createBucket(bucket: NewBucket): Promise<{ created: boolean; bucket: Bucket }>;
  findBucket(name: string): Promise<Bucket | null>;
  findBucketById(bucketId: number): Promise<Bucket | null>;
  /** In order of name; only names after `after`, those of `ownerId` or all when null. */
  listBuckets(request: {
    readonly ownerId: string | null;
    readonly prefix: string;
    readonly after: string;
    readonly limit: number;
  }): Promise<readonly ListedBucket[]>;
  /** Null removes it. */
  setBucketSetting(
    bucketId: number,
    name: string,
    value: string | null,
  ): Promise<'stored' | 'no-such-bucket'>;
  /** False when the bucket or user does not exist. What is used already may be more. */
  setQuota(holder: QuotaHolder, quota: Quota): Promise<boolean>;
  /** The quota, of the bucket or its owner, that such a write would exceed now; null for none. */
  findRefusedGrowth(bucketId: number, growth: Growth): Promise<QuotaExceeded | null>;
  /** What its versions take, exactly; costs no scan. */
  findBucketUsage(bucketId: number): Promise<Usage>;
  /** Of all buckets that the user owns together. */
  findUserUsage(userId: string): Promise<Usage>;
  /** Null for a user that does not exist. */
  findUserQuota(userId: string): Promise<Quota | null>;
  /**
   * Turns object lock on, for good, and sets or removes (null) a setting of that name with it.
   */
  setObjectLock(
    bucketId: number,
    name: string,
    value: string | null,
  ): Promise<SetObjectLockOutcome>;
  /** Never back to null. Refused to suspend a bucket with object lock. */
  setBucketVersioning(
    bucketId: number,
    versioning: Exclude<VersioningState, null>,
  ): Promise<SetVersioningOutcome>;
  /**
   * Downloads at that host name, which is in lower case and without port, are of this bucket from
   * now on; a name belongs to one bucket.
   */
  putBucketDomain(bucketId: number, domain: string): Promise<PutBucketDomainOutcome>;
  /** False when the bucket does not have it. */
  removeBucketDomain(bucketId: number, domain: string): Promise<boolean>;
  findBucketByDomain(domain: string): Promise<Bucket | null>;
  /** In order of name. */
  listBucketDomains(bucketId: number): Promise<readonly BucketDomain[]>;
  /**
   * Also drops the bucket's settings, domains and unfinished uploads; `not-empty` while it has versions or
   * delete markers.
   */
  deleteBucket(bucketId: number): Promise<'deleted' | 'not-empty' | 'no-such-bucket'>;

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

  /** For files of writes that failed after the bytes were stored. */
  queueDeletions(fileIds: readonly string[], notBeforeMs: number): Promise<void>;
  /**
   * For files that nothing referred to when `listUsedFiles` was asked, and that were old then; see
   * there. Those that something refers to now are left alone.
   */
  queueOrphans(fileIds: readonly string[], notBeforeMs: number): Promise<QueuedOrphans>;
  /** When this index was restored from a backup, in ms since 1970; null when it never was. */
  findRestoreTime(): Promise<number | null>;
  /** Whether nothing needs the file any more and it waits for its deletion. */
  isQueuedForDeletion(fileId: string): Promise<boolean>;
  /** Due or not, in the order that they were queued in: those with greater ids than `afterId`. */
  listQueuedFiles(
    afterId: number,
    limit: number,
  ): Promise<readonly Pick<PendingDeletion, 'id' | 'fileId'>[]>;
  /** Groups with files that may be deleted at that time. */
  listDueGroups(dueAtMs: number): Promise<readonly string[]>;
  /** One page of a group's due files, those that are due longest first. */
  listDueDeletions(request: DueDeletionsRequest): Promise<readonly PendingDeletion[]>;
  finishDeletions(ids: readonly number[]): Promise<void>;
  /** Gives the ids of those that are still queued; another process may have finished the rest. */
  postponeDeletions(postponed: readonly PostponedDeletion[]): Promise<ReadonlySet<number>>;
  countDeletions(): Promise<number>;
  /** By name of the group; groups without queued files are left out. */
  deletionQueueState(nowMs: number): Promise<readonly DeletionQueueState[]>;
  /** By group, then in the order they were queued in. */
  listFailingDeletions(limit: number): Promise<readonly FailingDeletion[]>;
  /** Forgets completed uploads, and tokens of renames, older than that. */
  forgetCompletedUploads(completedBeforeMs: number): Promise<void>;

  /** New files of one group whose replicas are to be looked for now, oldest first. */
  listDueReplicaChecks(
    groupName: string,
    nowMs: number,
    limit: number,
  ): Promise<readonly ReplicaCheck[]>;
  /** Groups with files that wait for a look, due or not, in order of name. */
  listReplicaCheckQueues(): Promise<readonly ReplicaCheckQueue[]>;
  countReplicaChecks(): Promise<number>;
  finishReplicaChecks(checks: readonly ReplicaCheckKey[]): Promise<void>;
  postponeReplicaChecks(
    postponed: readonly { readonly check: ReplicaCheckKey; readonly untilMs: number }[],
  ): Promise<void>;
  /** Whether a file is needed, as far as that can be told from one key where it may be. */
  findFileUse(fileId: string, bucketId: number, key: string): Promise<FileUse>;
  /**
   * The keys that a file ID is known by; null for a file that nothing refers to, or that nobody is to
   * know by its ID.
   */
  findNamedFile(fileId: string): Promise<NamedFile | null>;
  /** A page of all rows that refer to files, for walks over the whole index. */
  listFileReferences(request: ListFileReferencesRequest): Promise<FileReferencesPage>;
  /** About how many references such a walk will give; slow. */
  countFileReferences(bucketId: number | null): Promise<number>;
  /**
   * All files that something refers to or that wait for their deletion, at one moment, in the order
   * of their bytes, some at a time; one may come several times. Takes working files in `directory`
   * of about 100 bytes a file, and as many again where SQLite sorts (TMPDIR).
   */
  listUsedFiles(directory: string): AsyncIterable<readonly string[]>;
  /**
   * Gives keys to files that are there already. Each file must be one that nothing referred to when
   * `locateFiles` looked, and that no write is about to refer to (see `write-duration.ts` of core;
   * writes name the files with an extension, so that those are noticed here), or be told of in
   * `uses`.
   */
  importObjects(request: ImportObjectsRequest): Promise<ImportObjectsOutcome>;
  /**
   * Notes in the working file of an import, see `import-plan.ts`, which of its files something refers
   * to at this moment, or wait for their deletion.
   */
  locateFiles(workingPath: string): Promise<void>;
  /** Puts one file in the place of another one with the same bytes. */
  repointFile(request: RepointFileRequest): Promise<RepointFileOutcome>;
  /** The file that took the place of another one which something still refers to; else null. */
  findReplacement(oldFileId: string): Promise<string | null>;

  /**
   * Mends what a check of the index found, each unless it is not as it was found any more. One
   * transaction: a hundred or so at a time.
   */
  repairDamages(damages: readonly Damage[]): Promise<readonly RepairOutcome[]>;

  createUser(user: User): Promise<'created' | 'name-taken'>;
  findUser(id: string): Promise<User | null>;
  findUserByName(name: string): Promise<User | null>;
  listUsers(): Promise<readonly User[]>;
  /** Its access keys and policies go with it; refused while it owns buckets, and for root. */
  removeUser(id: string): Promise<'removed' | 'no-such-user' | 'owns-buckets' | 'is-root'>;
  /** Replaces the secret when that access key belongs to the same user already. */
  putAccessKey(key: AccessKey): Promise<'stored' | 'belongs-to-another-user'>;
  /** With its user, and the policies that bound it in order of name. */
  findAccessKey(
    accessKeyId: string,
  ): Promise<{ key: AccessKey; user: User; policies: readonly UserPolicy[] } | null>;
  listAccessKeys(userId: string | null): Promise<readonly AccessKey[]>;
  removeAccessKey(accessKeyId: string): Promise<boolean>;
  /** Null when there is no such key; else the key as it is now. */
  changeAccessKey(accessKeyId: string, change: AccessKeyChange): Promise<AccessKey | null>;

  /** Replaces the policy of that name; ten at most. */
  putUserPolicy(
    userId: string,
    policy: Pick<UserPolicy, 'name' | 'document'>,
  ): Promise<'stored' | 'no-such-user' | 'is-root' | 'too-many'>;
  /** False when the user has no policy of that name. */
  removeUserPolicy(userId: string, name: string): Promise<boolean>;
  listUserPolicies(userId: string): Promise<readonly UserPolicy[]>;

  /**
   * Resolves when a write was committed in the last seconds and none has failed since; else commits
   * a tiny one, which calls at the same time share. Rejects with `IndexError` when that fails.
   */
  verifyWritable(): Promise<void>;
  /** Cheap: no query is run. Never rejects. */
  measure(): Promise<IndexMeasurements>;

  close(): Promise<void>;
}

/** What an operator watches. Counts are since the start of this process. */
export interface IndexMeasurements {
  /** Writes, and listings, without an answer yet. */
  readonly writesWaiting: number;
  readonly listingsWaiting: number;
  /** Writes that were answered, and the transactions that they shared. */
  readonly writeCount: number;
  readonly writeBatchCount: number;
  readonly writeFailures: Readonly<Record<IndexErrorReason, number>>;
  /** 0 in memory. */
  readonly databaseSizeBytes: number;
  /** The write-ahead log. */
  readonly logSizeBytes: number;
}

/**
 * - `full`: the disk is full or its quota is used up.
 * - `overloaded`: the queue of waiting writes is full; worth a retry.
 * - `failed`: anything else the database says.
 */
export type IndexErrorReason = 'full' | 'overloaded' | 'failed';

export class IndexError extends Error {
  readonly reason: IndexErrorReason;
  /**
   * True when a write may be in the database although it failed (the answer to its COMMIT was
   * lost). Its files must not be deleted then: a key may need them.
   */
  readonly mayBeCommitted: boolean;

  constructor(
    reason: IndexErrorReason,
    message: string,
    options: { readonly cause?: unknown; readonly mayBeCommitted?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'IndexError';
    this.reason = reason;
    this.mayBeCommitted = options.mayBeCommitted ?? false;
  }
}
