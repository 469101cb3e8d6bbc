import { authorize, checkExpectedOwner, getBucket, hideMissing } from '../core/access/access.ts';
import { GatewayError } from '../core/errors.ts';
import { isCharged } from '../core/request-payment.ts';
import type { CoreServices } from '../core/services.ts';
import type { Operation, S3Request, S3Response } from './operation.ts';

/**
 * Does what a request asks for, if its caller may. Throws `NoSuchBucket`, `AccessDenied`, and what
 * the operation throws.
 */
export async function runOperation(
  core: CoreServices,
  operation: Operation,
  request: S3Request,
): Promise<S3Response> {
  const { access, key, headers } = request;
  if (operation.bucketAccess === 'none') {
    const action = actionOf(operation.permission, request);
    await authorize(core, access, action, { bucket: null, bucketName: request.bucketName });
    return await operation.handle(request, { core });
  }
  if (access.caller.isAnonymous && operation.refusesAnonymous !== undefined) {
    throw new GatewayError('AccessDenied', { message: operation.refusesAnonymous });
  }
  const bucket = await getBucket(core, request.bucketName ?? '');
  checkExpectedOwner(bucket, headers.get('x-amz-expected-bucket-owner'));
  const action = actionOf(operation.permission, request);
  const versionId = request.query.get('versionId');
  try {
    if (action !== null) await authorize(core, access, action, { bucket, key, versionId });
    const charged = isCharged(access, bucket);
    const response = await operation.handle(request, { core, bucket });
    return charged ? withHeader(response, 'x-amz-request-charged', 'requester') : response;
  } catch (error) {
    throw hideMissing(error, access, bucket);
  }
}

function actionOf<Action extends string | null>(
  permission: Action | ((request: S3Request) => string),
  request: S3Request,
): Action | string {
  return typeof permission === 'function' ? permission(request) : permission;
}

function withHeader(response: S3Response, name: string, value: string): S3Response {
  return { ...response, headers: { ...response.headers, [name]: value } };
}
