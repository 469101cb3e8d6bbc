import { authorize, refuseUnread } from '../../core/access/access.ts';
import { mayBypassGovernance } from '../../core/access/bypass-governance.ts';
import { retentionConditions } from '../../core/access/policy/lock-days.ts';
import { changeObject } from '../../core/change-object.ts';
import { GatewayError } from '../../core/errors.ts';
import { getRecord } from '../../core/get-object.ts';
import { checkHasObjectLock } from '../../core/object-lock.ts';
import type { Bucket, Retention } from '../../object-index/records.ts';
import { readDocument } from '../bucket-configuration.ts';
import { checkIsFuture, parseInstant, parseMode, wantsBypass } from '../object-lock.ts';
import type { Operation, S3Request } from '../operation.ts';
import { keyOf } from '../parameters.ts';
import { versionHeaders } from '../version-headers.ts';
import { renderXml, type XmlElement } from '../xml.ts';

function named(request: S3Request, bucket: Bucket) {
  return { bucket, key: keyOf(request), versionId: request.query.get('versionId') };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html */
export const getObjectRetention: Operation = {
  name: 'GetObjectRetention',
  permission: 's3:GetObjectRetention',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    checkHasObjectLock(bucket);
    const { key, versionId } = named(request, bucket);
    const { retention } = await getRecord(core, bucket, key, versionId);
    if (!retention) throw new GatewayError('NoSuchObjectLockConfiguration');
    const body = renderXml('Retention', {
      Mode: retention.mode,
      RetainUntilDate: new Date(retention.untilMs).toISOString(),
    });
    return { status: 200, body };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html */
export const putObjectRetention: Operation = {
  name: 'PutObjectRetention',
  // Policies may ask for what the document says.
  permission: null,
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const object = named(request, bucket);
    refuseUnread(request.access, 's3:PutObjectRetention', object);
    checkHasObjectLock(bucket);
    const root = await readDocument(request, 'Retention', { isGuarded: true });
    const retention = parseRetention(root, core.now());
    const conditions = retentionConditions(retention, core.now());
    await authorize(core, request.access, 's3:PutObjectRetention', { ...object, conditions });
    const bypassesGovernance =
      wantsBypass(request.headers) && (await mayBypassGovernance(core, request.access, object));
    const changed = await changeObject(core, object, { retention }, { bypassesGovernance });
    return { status: 200, headers: versionHeaders(bucket, changed) };
  },
};

/** Null for an empty element, which removes it. Throws `MalformedXML` or `InvalidArgument`. */
function parseRetention(root: XmlElement, nowMs: number): Retention | null {
  if (root.children.length === 0) return null;
  const mode = parseMode(root.textOf('Mode')?.trim() ?? null);
  const untilMs = parseInstant(root.textOf('RetainUntilDate')?.trim() ?? '');
  if (mode === null || untilMs === null) throw new GatewayError('MalformedXML');
  checkIsFuture(untilMs, nowMs, 'RetainUntilDate');
  return { mode, untilMs };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLegalHold.html */
export const getObjectLegalHold: Operation = {
  name: 'GetObjectLegalHold',
  permission: 's3:GetObjectLegalHold',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    checkHasObjectLock(bucket);
    const { key, versionId } = named(request, bucket);
    const { hasLegalHold } = await getRecord(core, bucket, key, versionId);
    if (hasLegalHold === null) throw new GatewayError('NoSuchObjectLockConfiguration');
    return { status: 200, body: renderXml('LegalHold', { Status: hasLegalHold ? 'ON' : 'OFF' }) };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html */
export const putObjectLegalHold: Operation = {
  name: 'PutObjectLegalHold',
  permission: null,
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const object = named(request, bucket);
    refuseUnread(request.access, 's3:PutObjectLegalHold', object);
    checkHasObjectLock(bucket);
    const root = await readDocument(request, 'LegalHold', { isGuarded: true });
    const status = root.textOf('Status')?.trim();
    if (status !== 'ON' && status !== 'OFF') throw new GatewayError('MalformedXML');
    const conditions = { 's3:object-lock-legal-hold': [status] };
    await authorize(core, request.access, 's3:PutObjectLegalHold', { ...object, conditions });
    const changed = await changeObject(core, object, { hasLegalHold: status === 'ON' });
    return { status: 200, headers: versionHeaders(bucket, changed) };
  },
};
