import { setImmediate as nextTurn } from 'node:timers/promises';
import { authorize } from '../../core/access/access.ts';
import { mayBypassGovernance } from '../../core/access/bypass-governance.ts';
import {
  type DeletedObject,
  type DeleteFailure,
  deletedKeysMax,
  deleteObjects as deleteMany,
  deleteObject as deleteOne,
  type ObjectToDelete,
} from '../../core/delete-objects.ts';
import { GatewayError } from '../../core/errors.ts';
import type { CoreServices } from '../../core/services.ts';
import { errorEntry } from '../../http/errors.ts';
import type { Bucket } from '../../object-index/records.ts';
import { type DeleteConditionNames, parseDeleteCondition } from '../delete-condition.ts';
import { checkIntegrityHeader } from '../integrity-header.ts';
import { wantsBypass } from '../object-lock.ts';
import type { Operation, S3Request } from '../operation.ts';
import { keyOf } from '../parameters.ts';
import { authorizeEtagMatch } from '../written-condition.ts';
import { parseLongXml, renderXml, type XmlElement } from '../xml.ts';

/** As AWS documents it for the list of keys. */
const documentSizeBytesMax = 2 * 1024 * 1024;

const conditionHeaders: DeleteConditionNames = {
  ifMatch: 'if-match',
  lastModified: 'x-amz-if-match-last-modified-time',
  size: 'x-amz-if-match-size',
};
const conditionElements: DeleteConditionNames = {
  ifMatch: 'ETag',
  lastModified: 'LastModifiedTime',
  size: 'Size',
};
const objectElements = new Set(['Key', 'VersionId', ...Object.values(conditionElements)]);

function withCondition(names: DeleteConditionNames, read: (name: string) => string | null) {
  const condition = parseDeleteCondition(names, read);
  return condition && { condition };
}

/** For how long a list may keep others waiting. */
const turnMs = 20;

/** What whoever deletes that version, or that key, must be allowed to do. */
function deleteAction(versionId: string | null): string {
  return versionId === null ? 's3:DeleteObject' : 's3:DeleteObjectVersion';
}

/** Whether the caller wants to delete it though it may be retained in mode GOVERNANCE. */
function asksToBypass(
  { headers }: S3Request,
  bucket: Bucket,
  { versionId }: ObjectToDelete,
): boolean {
  return versionId !== null && bucket.hasObjectLock && wantsBypass(headers);
}

/** Why the caller may not delete it; null when it may. */
async function refusalOf(
  core: CoreServices,
  { access }: S3Request,
  bucket: Bucket,
  { key, versionId }: ObjectToDelete,
): Promise<GatewayError | null> {
  try {
    await authorize(core, access, deleteAction(versionId), { bucket, key, versionId });
    return null;
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

/**
 * What of a list the caller may delete, and why not the rest. Others are served in between, as
 * long patterns of policies and long keys make it slow. Awaits only for keys whose objects
 * decide: most lists are of a caller's own keys, a thousand of them.
 */
async function authorizeAll(
  core: CoreServices,
  request: S3Request,
  bucket: Bucket,
  objects: readonly ObjectToDelete[],
): Promise<{ allowed: readonly ObjectToDelete[]; refused: readonly DeleteFailure[] }> {
  const allowed: ObjectToDelete[] = [];
  const refused: DeleteFailure[] = [];
  let turnEndsAtMs = performance.now() + turnMs;
  for (const object of objects) {
    if (performance.now() > turnEndsAtMs) {
      await nextTurn();
      turnEndsAtMs = performance.now() + turnMs;
    }
    const { key, versionId } = object;
    const target = { bucket, key, versionId };
    const isClear = request.access.allows(deleteAction(versionId), target);
    const error = isClear ? null : await refusalOf(core, request, bucket, object);
    if (error) {
      refused.push({ object, error });
      continue;
    }
    const bypassesGovernance =
      asksToBypass(request, bucket, object) &&
      (await mayBypassGovernance(core, request.access, target));
    allowed.push({ ...object, bypassesGovernance });
  }
  return { allowed, refused };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export const deleteObject: Operation = {
  name: 'DeleteObject',
  permission: ({ query }) => deleteAction(query.get('versionId')),
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const object = {
      key: keyOf(request),
      versionId: request.query.get('versionId'),
      ...withCondition(conditionHeaders, (name) => request.headers.get(name)),
    };
    await authorizeEtagMatch(request, { core, bucket }, object.condition?.ifMatch);
    const bypassesGovernance =
      asksToBypass(request, bucket, object) &&
      (await mayBypassGovernance(core, request.access, { ...object, bucket }));
    const deleted = await deleteOne(
      core,
      bucket,
      { ...object, bypassesGovernance },
      request.access.caller,
    );
    const { versionId, deleteMarkerVersionId } = deleted;
    return {
      status: 204,
      headers: {
        'x-amz-version-id': versionId ?? deleteMarkerVersionId ?? undefined,
        'x-amz-delete-marker': deleteMarkerVersionId === null ? undefined : 'true',
      },
    };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export const deleteObjects: Operation = {
  name: 'DeleteObjects',
  permission: null,
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    checkIntegrityHeader(request.headers);
    const document = await parseLongXml(await request.text(documentSizeBytesMax), 'Delete');
    const isQuiet = document.textOf('Quiet')?.trim().toLowerCase() === 'true';
    const { allowed, refused } = await authorizeAll(core, request, bucket, readObjects(document));
    const { deleted, failed } = await deleteMany(core, bucket, allowed, request.access.caller);
    const body = renderXml('DeleteResult', {
      Deleted: isQuiet ? undefined : deleted.map(renderDeleted),
      Error: [...refused, ...failed].map(renderFailure),
    });
    return { status: 200, body };
  },
};

function readObjects(document: XmlElement): readonly ObjectToDelete[] {
  const elements = document.list('Object');
  if (elements.length === 0 || elements.length > deletedKeysMax) {
    throw new GatewayError('MalformedXML');
  }
  return elements.map((element) => {
    const key = element.textOf('Key');
    if (!key) throw new GatewayError('MalformedXML');
    const unknown = element.children.find(({ name }) => !objectElements.has(name));
    if (unknown) {
      // Left out of account it might delete what the client wants to keep.
      throw new GatewayError('NotImplemented', {
        message: `DeleteObjects does not support the element ${unknown.name}.`,
      });
    }
    return {
      key,
      versionId: element.textOf('VersionId'),
      ...withCondition(conditionElements, (name) => element.textOf(name)?.trim() ?? null),
    };
  });
}

function nameObject({ key, versionId }: ObjectToDelete) {
  return { Key: key, VersionId: versionId ?? undefined };
}

function renderDeleted(object: DeletedObject) {
  const { deleteMarkerVersionId } = object;
  return {
    ...nameObject(object),
    DeleteMarker: deleteMarkerVersionId === null ? undefined : true,
    DeleteMarkerVersionId: deleteMarkerVersionId ?? undefined,
  };
}

function renderFailure({ object, error: { code, facts } }: DeleteFailure) {
  return { ...nameObject(object), Code: code, Message: facts.message ?? errorEntry(code).message };
}
