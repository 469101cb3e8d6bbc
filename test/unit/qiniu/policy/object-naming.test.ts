import { describe, expect, it } from 'vitest';
import { encodeUrlSafe } from '../../../../src/qiniu/encodings.ts';
import {
  earlyKey,
  type NamingPolicy,
  nameObject,
  overwriteRule,
} from '../../../../src/qiniu/policy/object-naming.ts';
import { readPutPolicy } from '../../../../src/qiniu/policy/put-policy.ts';

const anyKey: NamingPolicy = {
  scopeKey: null,
  isPrefixalScope: false,
  saveKey: '',
  forceSaveKey: false,
  allowedKeys: null,
};
const content = { renderSaveKey: (template: string) => `rendered ${template}`, qetag: 'Fhash' };
const outOfScope = "key doesn't match with scope";

describe('nameObject', () => {
  it.each<[string, Partial<NamingPolicy>, string | null, string]>([
    ['the template where it is forced', { saveKey: 't', forceSaveKey: true }, 'a', 'rendered t'],
    ["the client's key", { saveKey: 't' }, 'a', 'a'],
    ["the client's empty key", { saveKey: 't' }, '', ''],
    ['the template', { saveKey: 't' }, null, 'rendered t'],
    ['the key of the scope', { scopeKey: 'a' }, null, 'a'],
    ['the hash', {}, null, 'Fhash'],
    ['the hash in a prefix', { scopeKey: 'F', isPrefixalScope: true }, null, 'Fhash'],
    ['a key of the list', { allowedKeys: ['a', 'b'] }, 'b', 'b'],
    ['a key with the prefix', { scopeKey: 'dir/', isPrefixalScope: true }, 'dir/a', 'dir/a'],
  ])('is %s', (_what, policy, clientKey, key) => {
    expect(nameObject({ ...anyKey, ...policy }, clientKey, content)).toBe(key);
  });

  it.each<[Partial<NamingPolicy>, string | null]>([
    [{ scopeKey: 'a' }, 'b'],
    [{ scopeKey: 'a' }, ''],
    [{ scopeKey: '' }, 'a'],
    [{ scopeKey: 'a', saveKey: 't' }, null],
    [{ scopeKey: 'dir/', isPrefixalScope: true }, 'dir'],
    [{ scopeKey: 'dir/', isPrefixalScope: true }, null],
    [{ allowedKeys: ['a'] }, 'b'],
    [{ allowedKeys: ['a'] }, null],
  ])('%j refuses %j', (policy, clientKey) => {
    const named = () => nameObject({ ...anyKey, ...policy }, clientKey, content);
    expect(named).toThrow(expect.objectContaining({ status: 403, message: outOfScope }));
  });

  it.each([
    ['a'.repeat(751), 'key is too long'],
    ['\u4e2d'.repeat(251), 'key is too long'],
    ['a\0b', 'invalid key'],
    ['\ud800', 'key must be utf8 encoding'],
  ])('refuses keys that cannot be', (key, message) => {
    const named = () => nameObject(anyKey, key, content);
    expect(named).toThrow(expect.objectContaining({ status: 400, message }));
  });

  it.each(['a'.repeat(750), '/a//b', ' ', 'a\r\nb?&#', '..'])('takes %.20j', (key) => {
    expect(nameObject(anyKey, key, content)).toBe(key);
  });
});

describe('earlyKey', () => {
  it('refuses what can never be allowed', () => {
    expect(() => earlyKey({ ...anyKey, scopeKey: 'a' }, 'b')).toThrow(outOfScope);
    expect(() => earlyKey({ ...anyKey, allowedKeys: ['a'] }, null)).toThrow(outOfScope);
  });

  it.each<[Partial<NamingPolicy>, string | null, string | null]>([
    [{}, 'a', 'a'],
    [{ scopeKey: 'a' }, null, 'a'],
    [{}, null, null],
    [{ saveKey: 't' }, null, null],
    [{ saveKey: 't', forceSaveKey: true }, 'a', null],
    [{ scopeKey: 'a', isPrefixalScope: true }, null, null],
  ])('%j with %j is %j', (policy, clientKey, key) => {
    expect(earlyKey({ ...anyKey, ...policy }, clientKey)).toBe(key);
  });
});

describe('overwriteRule', () => {
  it.each([
    [{ scope: 'b' }, false, 'keep'],
    [{ scope: 'b' }, true, 'replace'],
    [{ scope: 'b', insertOnly: 1 }, true, 'keep'],
    [{ scope: 'b:k' }, false, 'replace'],
    [{ scope: 'b:' }, false, 'replace'],
    [{ scope: 'b:k', insertOnly: 1 }, false, 'keep'],
    [{ scope: 'b:k', isPrefixalScope: 1 }, false, 'keep'],
    [{ scope: 'b:k', isPrefixalScope: 1 }, true, 'keep'],
  ])('%j, in blocks: %s, lets the object %s', (fields, isInBlocks, rule) => {
    const policy = encodeUrlSafe(JSON.stringify({ deadline: 2e9, ...fields }));
    const read = readPutPolicy(policy, { nowMs: 0, ignoresPersistentOps: false });
    expect(overwriteRule(read, { isInBlocks })).toBe(rule);
  });
});
