import { QiniuError } from '../errors.ts';
import type { PutPolicy } from './put-policy.ts';

/** Bytes of a key in UTF-8. Kodo's keys may be empty and hold any other character. */
const keySizeBytesMax = 750;

export type NamingPolicy = Pick<
  PutPolicy,
  'scopeKey' | 'isPrefixalScope' | 'saveKey' | 'forceSaveKey' | 'allowedKeys'
>;

/**
 * The key that an upload's object will have, as far as that can be told before its content is known;
 * else null. Throws what `nameObject` throws.
 */
export function earlyKey(policy: NamingPolicy, clientKey: string | null): string | null {
  if (policy.allowedKeys && clientKey === null && !policy.forceSaveKey) throw outOfScope();
  const key = chosenKey(policy, clientKey);
  if (key !== null) checkName(policy, key);
  return key;
}

/**
 * The key of an upload's object: the signer's template where it insists on that, else what the
 * client says (an empty key is one), the template, the one key that the scope allows, and at last the
 * content's hash. Throws 403 for a key that the scope does not allow and 400 for one that cannot be.
 */
export function nameObject(
  policy: NamingPolicy,
  clientKey: string | null,
  content: { readonly renderSaveKey: (template: string) => string; readonly qetag: string },
): string {
  const usesTemplate = policy.forceSaveKey || (clientKey === null && policy.saveKey !== '');
  const key = usesTemplate
    ? content.renderSaveKey(policy.saveKey)
    : (chosenKey(policy, clientKey) ?? content.qetag);
  checkName(policy, key);
  return key;
}

/** A key that an application decides after all is bound by the scope as well. */
export function checkName(policy: NamingPolicy, key: string): void {
  checkKodoKey(key);
  if (!isInScope(policy, key)) throw outOfScope();
}

/** Lone surrogates have no UTF-8 form. */
const notUtf8 = /\p{Surrogate}/u;

/** Throws 400. The index has no place for U+0000. */
export function checkKodoKey(key: string): void {
  if (notUtf8.test(key)) throw new QiniuError(400, 'key must be utf8 encoding');
  if (key.includes('\0')) throw new QiniuError(400, 'invalid key');
  if (Buffer.byteLength(key) > keySizeBytesMax) throw new QiniuError(400, 'key is too long');
}

function chosenKey(policy: NamingPolicy, clientKey: string | null): string | null {
  const { scopeKey, isPrefixalScope, saveKey, forceSaveKey } = policy;
  if (forceSaveKey) return null;
  if (clientKey !== null) return clientKey;
  return saveKey === '' && !isPrefixalScope ? scopeKey : null;
}

function isInScope({ scopeKey, isPrefixalScope, allowedKeys }: NamingPolicy, key: string): boolean {
  if (allowedKeys && !allowedKeys.includes(key)) return false;
  if (scopeKey === null) return true;
  return isPrefixalScope ? key.startsWith(scopeKey) : key === scopeKey;
}

function outOfScope(): QiniuError {
  return new QiniuError(403, "key doesn't match with scope");
}

/**
 * What becomes of an object that is there already: `replace` puts the new one in its place, `keep`
 * fails with 614 unless it has the same content.
 *
 * A scope of only a bucket lets nothing be replaced, but for uploads in blocks (version 1), which
 * Kodo documents as a difference that is kept for its history.
 */
export function overwriteRule(
  { scopeKey, isPrefixalScope, insertOnly }: PutPolicy,
  upload: { readonly isInBlocks: boolean },
): 'replace' | 'keep' {
  if (insertOnly || isPrefixalScope) return 'keep';
  return scopeKey !== null || upload.isInBlocks ? 'replace' : 'keep';
}
