import { describe, expect, it } from 'vitest';
import { encodeUrlSafe } from '../../../../src/qiniu/encodings.ts';
import { checkDeadline, readPutPolicy } from '../../../../src/qiniu/policy/put-policy.ts';
import vectors from '../../../fixtures/qiniu/signatures.json' with { type: 'json' };

const deadline = 1_700_003_600;
const options = { nowMs: 1_700_000_000_000, ignoresPersistentOps: false };

function read(fields: Readonly<Record<string, unknown>>, changed: Partial<typeof options> = {}) {
  const policy = JSON.stringify({ scope: 'demo-bucket', deadline, ...fields });
  return readPutPolicy(encodeUrlSafe(policy), { ...options, ...changed });
}

function refusal(fields: Readonly<Record<string, unknown>>) {
  try {
    read(fields);
  } catch (error) {
    return error;
  }
  throw new Error('The policy was taken.');
}

it.each(vectors.uploadToken.slice(0, 5))('reads $policyJson', ({ encodedPolicy, policyJson }) => {
  const { scope } = JSON.parse(policyJson) as { scope: string };
  const policy = readPutPolicy(encodedPolicy, options);
  expect(
    policy.scopeKey === null ? policy.bucketName : `${policy.bucketName}:${policy.scopeKey}`,
  ).toBe(scope);
});

it('reads all that it says', () => {
  expect(
    read({
      scope: 'b:dir:x/',
      isPrefixalScope: 1,
      insertOnly: 2,
      endUser: 'u',
      saveKey: '$(etag)',
      forceSaveKey: true,
      fsizeMin: 1,
      fsizeLimit: 9,
      detectMime: -1,
      mimeLimit: 'image/*',
      fileType: 4,
      deleteAfterDays: 7,
      trafficLimit: 819_200,
      keylimit: ['a'],
      returnUrl: 'http://app.example.com/done',
      returnBody: '{}',
    }),
  ).toEqual({
    bucketName: 'b',
    scopeKey: 'dir:x/',
    isPrefixalScope: true,
    deadline,
    insertOnly: true,
    endUser: 'u',
    saveKey: '$(etag)',
    forceSaveKey: true,
    fsizeMin: 1,
    fsizeLimit: 9,
    mimeDetection: 'client-only',
    mimeLimit: 'image/*',
    fileType: 4,
    deleteAfterDays: 7,
    allowedKeys: ['a'],
    returnUrl: 'http://app.example.com/done',
    returnBody: '{}',
    callback: null,
  });
});

it('takes names in any letter case, and those as documented before others', () => {
  expect(read({ ISPREFIXALSCOPE: true, EndUser: 'other', endUser: 'u' })).toMatchObject({
    isPrefixalScope: true,
    endUser: 'u',
  });
});

it('takes null and 0 for what was left out, and ignores what it does not know', () => {
  const lenient = read({
    fsizeLimit: 0,
    endUser: null,
    forceSaveKey: 0,
    keylimit: null,
    future: {},
  });
  expect(lenient).toEqual(read({}));
});

it('lets a callback decide the answer alone', () => {
  const policy = read({
    callbackUrl: 'http://a.example.com/cb; http://b.example.com/cb;',
    callbackBody: 'k=$(key)',
    callbackBodyType: 'application/json; charset=utf-8',
    callbackHost: 'app.example.com',
    returnUrl: 'http://app.example.com/',
    returnBody: '{}',
  });
  expect(policy).toMatchObject({ returnUrl: '', returnBody: '' });
  expect(policy.callback).toEqual({
    urls: ['http://a.example.com/cb', 'http://b.example.com/cb'],
    host: 'app.example.com',
    body: 'k=$(key)',
    bodyType: 'application/json; charset=utf-8',
    isJson: true,
    decidesKey: false,
  });
});

describe('the deadline', () => {
  it('counts to its last moment', () => {
    expect(() => checkDeadline({ deadline }, deadline * 1000)).not.toThrow();
    expect(() => checkDeadline({ deadline }, deadline * 1000 + 1)).toThrow('expired token');
  });

  it('is told before anything that is wrong with the policy, and is over where none is given', () => {
    expect(refusal({ deadline: 1, scope: '' })).toMatchObject({ status: 401 });
    expect(refusal({ deadline: undefined })).toMatchObject({
      status: 401,
      message: 'expired token',
    });
  });
});

it.each([
  [{ scope: '' }, 'scope not specified'],
  [{ scope: ':key' }, 'scope not specified'],
  [{ scope: 7 }, 'invalid put policy: scope'],
  [{ deadline: '1700003600' }, 'invalid put policy: deadline'],
  [{ deadline: 1.7e300 }, 'invalid put policy: deadline'],
  [{ insertOnly: 'yes' }, 'invalid put policy: insertOnly'],
  [{ fsizeMin: -1 }, 'invalid put policy: fsizeMin'],
  [{ fsizeLimit: 1.5 }, 'invalid put policy: fsizeLimit'],
  [{ detectMime: 2 }, 'invalid put policy: detectMime'],
  [{ fileType: 6 }, 'invalid put policy: fileType'],
  [{ deleteAfterDays: 40_000 }, 'invalid put policy: deleteAfterDays'],
  [{ trafficLimit: 819_199 }, 'invalid put policy: trafficLimit'],
  [{ forceSaveKey: true }, 'invalid put policy: saveKey'],
  [{ keylimit: Array(21).fill('a') }, 'invalid put policy: keylimit'],
  [{ keylimit: 'a' }, 'invalid put policy: keylimit'],
  [{ returnUrl: 'javascript:alert(1)' }, 'invalid put policy: returnUrl'],
  [{ returnUrl: 'http://a/\r\nx: y' }, 'invalid put policy: returnUrl'],
  [{ callbackUrl: 'http://a/;'.repeat(11) }, 'invalid put policy: callbackUrl'],
  [{ callbackFetchKey: 1 }, 'invalid put policy: callbackFetchKey'],
  [
    { callbackUrl: 'http://a/', callbackBodyType: 'text/xml' },
    'invalid put policy: callbackBodyType',
  ],
  [{ callbackUrl: 'http://a/', callbackHost: 'a\r\nb' }, 'invalid put policy: callbackHost'],
  [{ persistentOps: 'avthumb/mp4' }, 'persistentOps is not supported by this gateway'],
  [{ PersistentWorkflowTemplateId: 'x' }, 'persistentOps is not supported by this gateway'],
  [{ transform: 'x' }, 'transform is not supported by this gateway'],
  [{ transformFallbackKey: 'x' }, 'transform is not supported by this gateway'],
])('%j is refused: %s', (fields, message) => {
  expect(refusal(fields)).toMatchObject({ status: 400, message });
});

it('takes media jobs that are to be ignored', () => {
  const policy = read({ persistentOps: 'avthumb/mp4' }, { ignoresPersistentOps: true });
  expect(policy.bucketName).toBe('demo-bucket');
});

it.each(['!', '', encodeUrlSafe('no json'), encodeUrlSafe('[]'), encodeUrlSafe('null')])(
  '%j is no policy',
  (encodedPolicy) => {
    expect(() => readPutPolicy(encodedPolicy, options)).toThrow('invalid put policy');
  },
);
