import { QiniuError } from '../errors.ts';
import type { QiniuResponse, QiniuServices } from '../operation.ts';
import type { CallbackPolicy } from '../policy/put-policy.ts';
import { renderForm, renderJson } from '../policy/template.ts';
import { bodyVariables, type UploadFacts } from '../policy/variables.ts';
import { type CallbackOutcome, callBack } from './callback.ts';
import type { UploadGrant } from './grant.ts';

/** The object is stored, but its application does not know it; no client sends it again. */
const callbackFailedStatus = 579;

/** The application's answer is the client's. */
export async function tellApplication(
  services: QiniuServices,
  grant: UploadGrant,
  policy: CallbackPolicy,
  facts: UploadFacts,
  key: string,
): Promise<QiniuResponse> {
  const outcome = await callBack(services, grant, policy, render(policy, facts, key));
  if (outcome.answer !== null) {
    return { body: outcome.answer, headers: { 'content-type': 'application/json' } };
  }
  const error = describeFailure(policy, outcome);
  return { status: callbackFailedStatus, json: { error, hash: facts.qetag, key } };
}

/**
 * Asks the application for the key before there is an object: `{"key":…,"payload":…}`. Throws 579
 * where it does not say one; nothing is stored then.
 */
export async function fetchKey(
  services: QiniuServices,
  grant: UploadGrant,
  policy: CallbackPolicy,
  facts: UploadFacts,
): Promise<{ readonly key: string; readonly payload: string | null }> {
  const outcome = await callBack(services, grant, policy, render(policy, facts, null));
  const answer: unknown = outcome.answer === null ? null : JSON.parse(outcome.answer);
  const { key, payload } = (answer ?? {}) as { readonly key?: unknown; readonly payload?: unknown };
  if (typeof key !== 'string') {
    const problem = outcome.problem || 'the answer of the callback has no key';
    throw new QiniuError(callbackFailedStatus, describeFailure(policy, { ...outcome, problem }));
  }
  return { key, payload: payload === undefined ? null : JSON.stringify(payload) };
}

function render(policy: CallbackPolicy, facts: UploadFacts, key: string | null): string {
  const find = bodyVariables(facts, key);
  return policy.isJson ? renderJson(policy.body, find) : renderForm(policy.body, find);
}

/**
 * As Kodo tells it: JSON in the text of the error. But for the signature: it covers no body of JSON,
 * so its bearer could tell the application whatever it likes.
 */
function describeFailure(policy: CallbackPolicy, outcome: CallbackOutcome): string {
  return JSON.stringify({
    callback_url: outcome.url,
    callback_bodyType: policy.bodyType,
    callback_body: outcome.body,
    token: outcome.authorization.replace(/:.*$/s, ':-'),
    err_code: outcome.status,
    error: outcome.problem,
  });
}
