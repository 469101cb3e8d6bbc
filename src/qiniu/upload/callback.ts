import { createHash } from 'node:crypto';
import { OutboundError } from '../../outbound/outbound-error.ts';
import { readBody } from '../../outbound/read-body.ts';
import { isJson } from '../../support/json.ts';
import type { QiniuServices } from '../operation.ts';
import type { CallbackPolicy } from '../policy/put-policy.ts';
import { signCallback } from './callback-signature.ts';
import type { UploadGrant } from './grant.ts';

/** Bytes of an application's answer, all of which the client gets. */
const answerSizeBytesMax = 1024 ** 2;

/** What was sent where, and what came of it. */
export interface CallbackOutcome {
  readonly url: string;
  readonly body: string;
  readonly authorization: string;
  /** JSON as the application wrote it; null where there is none. */
  readonly answer: string | null;
  /** Of the failure; status of the answer, or one that tells why there is none. */
  readonly status: number;
  readonly problem: string;
}

const statuses: Readonly<Record<OutboundError['reason'], number>> = {
  'forbidden-address': 403,
  timeout: 504,
  unreachable: 502,
  'invalid-url': 400,
  'too-many-redirects': 502,
  'too-large': 502,
};

/**
 * Tells an application of an upload; its URLs are tried in order until one answers with 200 and JSON.
 * Never rejects. https://developer.qiniu.com/kodo/1653/callback
 */
export async function callBack(
  services: Pick<QiniuServices, 'core' | 'uploads'>,
  { keys }: Pick<UploadGrant, 'keys'>,
  policy: CallbackPolicy,
  body: string,
): Promise<CallbackOutcome> {
  let outcome: CallbackOutcome | null = null;
  for (const template of policy.urls) {
    const url = template.replaceAll('$(bodySha1)', createHash('sha1').update(body).digest('hex'));
    outcome = await callUrl(services, keys, policy, { url, body });
    if (outcome.answer !== null) return outcome;
    const { url: failedUrl, status, problem } = outcome;
    services.core.logger.warn({ url: failedUrl, status, problem }, 'a callback failed');
  }
  if (outcome === null) throw new Error('The callback has no URL.');
  return outcome;
}

async function callUrl(
  { core, uploads }: Pick<QiniuServices, 'core' | 'uploads'>,
  keys: UploadGrant['keys'],
  policy: CallbackPolicy,
  { url, body }: { readonly url: string; readonly body: string },
): Promise<CallbackOutcome> {
  const host = policy.host || (URL.canParse(url) ? new URL(url).host : '');
  const authorization = signCallback(uploads.callbackScheme, keys, policy, { url, host, body });
  const sent = { url, body, authorization };
  try {
    const response = await core.outbound.request({
      method: 'POST',
      url,
      headers: { host, 'content-type': policy.bodyType, authorization },
      body: Buffer.from(body),
      timeoutMs: uploads.callbackTimeoutMs,
      isCallback: true,
    });
    const answer = (
      await readBody(response, answerSizeBytesMax, uploads.callbackTimeoutMs)
    ).toString('utf8');
    const { status } = response;
    if (status !== 200) return failed(sent, status, `the callback was answered with ${status}`);
    if (!isJson(answer)) return failed(sent, status, 'the answer of the callback is no JSON');
    return { ...sent, answer, status, problem: '' };
  } catch (error) {
    if (error instanceof OutboundError) return failed(sent, statuses[error.reason], error.message);
    core.logger.error({ err: error }, 'a callback failed');
    return failed(sent, 502, 'the callback failed');
  }
}

function failed(
  sent: Pick<CallbackOutcome, 'url' | 'body' | 'authorization'>,
  status: number,
  problem: string,
): CallbackOutcome {
  return { ...sent, answer: null, status, problem };
}
