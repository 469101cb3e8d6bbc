import { publishedObject } from '../../core/put-object.ts';
import type { Bucket, ObjectRecord } from '../../object-index/records.ts';
import type { PutObjectOutcome } from '../../object-index/write-requests.ts';
import { encodeUrlSafe } from '../encodings.ts';
import { QiniuError } from '../errors.ts';
import type { QiniuResponse, QiniuServices } from '../operation.ts';
import { renderJson } from '../policy/template.ts';
import { bodyVariables, type UploadFacts } from '../policy/variables.ts';
import { tellApplication } from './callback-answer.ts';
import type { UploadDecision } from './decide.ts';
import type { UploadGrant } from './grant.ts';

/**
 * The object that an upload became, or found there with the same content. Throws 614 where another
 * one is in the way, and what `publishedObject` throws.
 */
export function uploadedObject(
  outcome: PutObjectOutcome,
  bucket: Bucket,
  key: string,
): ObjectRecord {
  if (outcome.outcome === 'same-content') return outcome.object;
  if (outcome.outcome === 'precondition-failed') throw new QiniuError(614, 'file exists');
  return publishedObject(outcome, bucket, key);
}

/** Tells the client, or its application, what became of the upload. */
export async function answerUpload(
  services: QiniuServices,
  grant: UploadGrant,
  { facts, payload }: Pick<UploadDecision, 'facts' | 'payload'>,
  key: string,
): Promise<QiniuResponse> {
  const { policy } = grant;
  if (payload !== null) return jsonText(payload);
  if (policy.callback && !policy.callback.decidesKey) {
    return await tellApplication(services, grant, policy.callback, facts, key);
  }
  const body = policy.returnBody === '' ? null : render(policy.returnBody, facts, key);
  if (policy.returnUrl !== '') return redirect(policy.returnUrl, body);
  return body === null ? { json: { hash: facts.qetag, key } } : jsonText(body);
}

/** The type is that of JSON even where the application's template or answer is not. */
function jsonText(body: string): QiniuResponse {
  return { body, headers: { 'content-type': 'application/json' } };
}

function render(template: string, facts: UploadFacts, key: string): string {
  return renderJson(template, bodyVariables(facts, key));
}

/** https://developer.qiniu.com/kodo/1654/response-to-client, for browsers' forms. */
function redirect(returnUrl: string, body: string | null): QiniuResponse {
  const url = new URL(returnUrl);
  if (body !== null) {
    const result = `upload_ret=${encodeUrlSafe(body)}`;
    url.search = url.search === '' ? `?${result}` : `${url.search}&${result}`;
  }
  return { status: 303, headers: { location: url.href } };
}
