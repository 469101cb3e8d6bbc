import * as accessKeys from './access-keys.ts';
import { appendObject } from './append-object.ts';
import * as bucketDomains from './bucket-domains.ts';
import * as buckets from './buckets.ts';
import { changeObject } from './change-object.ts';
import { completeUpload } from './complete-upload.ts';
import { composeObject, dropKeylessUploads, listPartsOfUploads } from './compose-object.ts';
import { copyObject } from './copy-object.ts';
import { deleteObjects } from './delete-objects.ts';
import * as deletions from './deletions.ts';
import { expireObjects, findNextExpiry } from './expire-objects.ts';
import { countFileReferences, listFileReferences } from './file-walk.ts';
import { importObjects } from './import-objects.ts';
import { listCurrentObjects } from './list-current-objects.ts';
import { listObjects } from './list-keys.ts';
import { listVersions } from './list-versions.ts';
import { moveObject } from './move-object.ts';
import { findNamedFile } from './named-files.ts';
import * as objects from './objects.ts';
import * as parts from './parts.ts';
import { findRestoreTime, queueOrphans } from './queue-orphans.ts';
import { renameObject } from './rename-object.ts';
import { repairDamages } from './repair/repair-damage.ts';
import * as replicaChecks from './replica-checks.ts';
import { findFileUse, findReplacement, repointFile } from './repoint-file.ts';
import type { Statements, WriteContext } from './statements.ts';
import * as uploads from './uploads.ts';
import * as usage from './usage.ts';
import * as userPolicies from './user-policies.ts';
import { probeWrite } from './write-probe.ts';

/**
 * Every operation of `ObjectIndex`, by how an engine runs it. The names are the interface's, so
 * that a request can travel to a thread as a name and arguments.
 */

/** One transaction each; their first argument is the moment they run at. */
export const writeOperations = {
  createBucket: buckets.createBucket,
  deleteBucket: buckets.deleteBucket,
  setBucketSetting: buckets.setBucketSetting,
  setQuota: usage.setQuota,
  setObjectLock: buckets.setObjectLock,
  setBucketVersioning: buckets.setBucketVersioning,
  putBucketDomain: bucketDomains.putBucketDomain,
  removeBucketDomain: bucketDomains.removeBucketDomain,
  putObject: objects.putObject,
  appendObject,
  renameObject,
  copyObject,
  moveObject,
  changeObject,
  expireObjects,
  deleteObjects,
  createUpload: uploads.createUpload,
  putPart: parts.putPart,
  copyPart: parts.copyPart,
  completeUpload,
  composeObject,
  dropKeylessUploads,
  abortUpload: uploads.abortUpload,
  queueDeletions: deletions.queueDeletions,
  queueOrphans,
  importObjects,
  finishDeletions: deletions.finishDeletions,
  postponeDeletions: deletions.postponeDeletions,
  forgetCompletedUploads: uploads.forgetCompletedUploads,
  finishReplicaChecks: replicaChecks.finishReplicaChecks,
  postponeReplicaChecks: replicaChecks.postponeReplicaChecks,
  repointFile,
  repairDamages,
  createUser: accessKeys.createUser,
  removeUser: accessKeys.removeUser,
  putAccessKey: accessKeys.putAccessKey,
  removeAccessKey: accessKeys.removeAccessKey,
  changeAccessKey: accessKeys.changeAccessKey,
  putUserPolicy: userPolicies.putUserPolicy,
  removeUserPolicy: userPolicies.removeUserPolicy,
  probeWrite,
};

/** One statement and a few rows each: faster to run than to hand to a thread. */
export const pointReads = {
  findBucket: buckets.findBucket,
  findBucketById: buckets.findBucketById,
  findBucketByDomain: bucketDomains.findBucketByDomain,
  listBucketDomains: bucketDomains.listBucketDomains,
  findObject: objects.findObject,
  findNextExpiry,
  listSegments: objects.listSegments,
  findObjectPart: objects.findObjectPart,
  findUpload: uploads.findUpload,
  findCompletedUpload: uploads.findCompletedUpload,
  findPartStart: parts.findPartStart,
  findRefusedGrowth: usage.findRefusedGrowth,
  findBucketUsage: usage.findBucketUsage,
  findUserUsage: usage.findUserUsage,
  findUserQuota: usage.findUserQuota,
  findReplacement,
  findRestoreTime,
  findFileUse,
  findNamedFile,
  isQueuedForDeletion: deletions.isQueuedForDeletion,
  findUser: accessKeys.findUser,
  findUserByName: accessKeys.findUserByName,
  findAccessKey: accessKeys.findAccessKey,
  listAccessKeys: accessKeys.listAccessKeys,
  listUserPolicies: userPolicies.listUserPolicies,
};

/** Many rows or many seeks: these must not hold up the event loop. */
export const listings = {
  listBuckets: buckets.listBuckets,
  listObjects,
  listCurrentObjects,
  listVersions,
  listUploads: uploads.listUploads,
  listParts: parts.listParts,
  listPartsOfUploads,
  sumParts: parts.sumParts,
  listObjectParts: objects.listObjectParts,
  listQueuedFiles: deletions.listQueuedFiles,
  listDueGroups: deletions.listDueGroups,
  listDueDeletions: deletions.listDueDeletions,
  listFailingDeletions: deletions.listFailingDeletions,
  countDeletions: deletions.countDeletions,
  deletionQueueState: deletions.deletionQueueState,
  listDueReplicaChecks: replicaChecks.listDueReplicaChecks,
  listReplicaCheckQueues: replicaChecks.listReplicaCheckQueues,
  countReplicaChecks: replicaChecks.countReplicaChecks,
  listFileReferences,
  countFileReferences,
  listUsers: accessKeys.listUsers,
};

/** The methods that callers see when each operation is run by some engine. */
export type BoundReads<Operations> = {
  readonly [Name in keyof Operations]: Operations[Name] extends (
    ...args: infer Args
  ) => Statements<infer Result>
    ? (...args: Args) => Promise<Result>
    : never;
};

export type BoundWrites<Operations> = {
  readonly [Name in keyof Operations]: Operations[Name] extends (
    context: WriteContext,
    ...args: infer Args
  ) => Statements<infer Result>
    ? (...args: Args) => Promise<Result>
    : never;
};

/** An operation whose types were checked where its name was bound to a method. */
type ErasedOperation = (...args: unknown[]) => Statements<unknown>;
export type OperationTable = Readonly<Record<string, ErasedOperation>>;
