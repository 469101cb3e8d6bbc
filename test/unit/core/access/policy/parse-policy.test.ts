import { describe, expect, it } from 'vitest';
import {
  parsePolicy,
  policySizeBytesMax,
} from '../../../../../src/core/access/policy/parse-policy.ts';
import { parseBucketPolicy } from '../../../../../src/core/access/policy/stored-policies.ts';

const good = {
  Effect: 'Allow',
  Principal: '*',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::photos/*',
};

function render(statement: unknown, others: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ Version: '2012-10-17', ...others, Statement: statement });
}

const parse = (text: string) => () => parseBucketPolicy(text, 'photos');
const malformed = (message: string) =>
  expect.objectContaining({ code: 'MalformedPolicy', message });

describe('documents', () => {
  const notJson = "Policies must be valid JSON and the first byte must be '{'";

  it.each([
    ['', notJson],
    [' {}', notJson],
    ['[]', notJson],
    ['{', notJson],
    ['{"Statement":', notJson],
    ['null', notJson],
    ['{}', 'Missing required field Statement'],
    ['{"Statement":[]}', 'Could not parse the policy: Statement is empty!'],
    ['{"Statement":"x"}', 'Invalid policy syntax.'],
    ['{"Statement":[null]}', 'Invalid policy syntax.'],
    ['{"Version":"2012-10-18","Statement":[{}]}', 'The policy must contain a valid version string'],
    ['{"Version":2012,"Statement":[{}]}', 'The policy must contain a valid version string'],
    ['{"Id":1,"Statement":[{}]}', 'Invalid policy syntax.'],
    ['{"Statements":[{}]}', 'Unknown field Statements'],
    ['{"__proto__":{},"Statement":[{}]}', 'Unknown field __proto__'],
    [
      '{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","\\u0045ffect":"Allow"}]}',
      'Duplicate field Effect',
    ],
  ])('%j is malformed: %s', (text, message) => {
    expect(parse(text)).toThrow(malformed(message));
  });

  it('may have 20 KiB and no byte more', () => {
    const padding = policySizeBytesMax - Buffer.byteLength(render(good, { Id: 'é' }));
    expect(parse(render(good, { Id: `é${'x'.repeat(padding)}` }))).not.toThrow();
    expect(parse(render(good, { Id: `é${'x'.repeat(padding + 1)}` }))).toThrow(
      malformed('Policy exceeds the maximum allowed document size of 20480 bytes.'),
    );
  });

  it('may repeat names in different objects and in texts', () => {
    const Condition = { StringEquals: { 'aws:UserAgent': '"Effect":' } };
    expect(parse(render([good, { ...good, Condition }]))).not.toThrow();
  });

  it('may have one statement without a list', () => {
    expect(parse(render(good))().statements).toHaveLength(1);
  });
});

describe('statements', () => {
  it.each([
    [{ Effect: undefined }, 'Missing required field Effect'],
    [{ Effect: 'allow' }, 'Invalid effect: allow'],
    [{ Effect: { toString: 1 } }, 'Invalid effect'],
    [{ Principal: undefined }, 'Missing required field Principal'],
    [{ Principal: 'alice' }, 'Invalid principal in policy'],
    [{ Principal: {} }, 'Invalid principal in policy'],
    [{ Principal: { AWS: [] } }, 'Invalid principal in policy'],
    [{ Principal: { AWS: 'arn:aws:s3:::photos' } }, 'Invalid principal in policy'],
    [{ Principal: { AWS: 'arn:aws:iam::1234:user/*x y' } }, 'Invalid principal in policy'],
    [{ Principal: { Everyone: '*' } }, 'Invalid principal in policy'],
    [{ NotPrincipal: '*' }, 'Invalid policy syntax.'],
    [{ Principal: undefined, NotPrincipal: '*' }, 'Allow with NotPrincipal is not allowed.'],
    [{ Action: undefined }, 'Missing required field Action'],
    [{ Action: [] }, 'Policy has invalid action'],
    [{ Action: 'GetObject' }, 'Policy has invalid action'],
    [{ Action: 's3:GetObjects' }, 'Policy has invalid action'],
    [{ Action: 'ec2:RunInstances' }, 'Policy has invalid action'],
    [{ NotAction: 's3:PutObject' }, 'Invalid policy syntax.'],
    [{ Resource: undefined }, 'Missing required field Resource'],
    [{ Resource: 'photos/*' }, 'Policy has invalid resource'],
    [{ Resource: 'arn:aws:s3:::videos/*' }, 'Policy has invalid resource'],
    [
      { Resource: ['arn:aws:s3:::photos/*', 'arn:aws:s3:::photo/*'] },
      'Policy has invalid resource',
    ],
    [{ Resource: 'arn:aws:s3:::photos' }, 'Action does not apply to any resource(s) in statement'],
    [
      { Action: ['s3:GetObject', 's3:ListBucket'] },
      'Action does not apply to any resource(s) in statement',
    ],
    [{ Action: 's3:ListAllMyBuckets' }, 'Action does not apply to any resource(s) in statement'],
    [{ Sid: 5 }, 'Invalid policy syntax.'],
    [{ Efect: 'Deny' }, 'Unknown field Efect'],
    [{ Condition: 'x' }, 'Invalid policy syntax.'],
    [{ Condition: { StringEquals: 'x' } }, 'Invalid policy syntax.'],
    [{ Condition: { StringEquals: { 'aws:Referer': [] } } }, 'Invalid policy syntax.'],
    [{ Condition: { StringEquals: { 'aws:Referer': {} } } }, 'Invalid policy syntax.'],
    [{ Condition: { StringIs: { 'aws:Referer': 'x' } } }, 'Invalid Condition type : StringIs'],
    [
      { Condition: { StringEquals: { 'aws:Weather': 'x' } } },
      'Policy has an invalid condition key: aws:Weather',
    ],
    [
      { Condition: { StringEquals: { 's3:ExistingObjectTag/': 'x' } } },
      'Policy has an invalid condition key: s3:ExistingObjectTag/',
    ],
    [
      { Condition: { StringEquals: { 's3:prefix': 'x' } } },
      'Conditions do not apply to combination of actions and resources in statement',
    ],
    [
      { Condition: { StringEquals: { 's3:RequestObjectTag/a': 'x' } } },
      'Conditions do not apply to combination of actions and resources in statement',
    ],
    [
      { Condition: { NumericEquals: { 's3:max-keys': 'many' } } },
      'Invalid numeric value in condition: many',
    ],
    [
      { Condition: { DateLessThan: { 'aws:CurrentTime': '2026-13-01' } } },
      'Invalid date value in condition: 2026-13-01',
    ],
    [
      { Condition: { Bool: { 'aws:SecureTransport': 'yes' } } },
      'Invalid boolean value in condition: yes',
    ],
    [
      { Condition: { Null: { 'aws:Referer': 'yes' } } },
      'Invalid boolean value in condition: Null takes true or false',
    ],
    [
      { Condition: { BinaryEquals: { 'aws:Referer': '=x' } } },
      'Invalid binary value in condition: =x',
    ],
    [
      { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/33' } } },
      'Invalid IP address in Conditions: 10.0.0.0/33',
    ],
    [
      { Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam' } } },
      'Invalid ARN in condition: arn:aws:iam',
    ],
    [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable.
      { Resource: 'arn:aws:s3:::photos/${aws:weather}' },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable.
      'Policy has an invalid variable: ${aws:weather}',
    ],
  ])('with %j are malformed: %s', (changed, message) => {
    expect(parse(render([{ ...good, ...changed }]))).toThrow(malformed(message));
  });

  it.each([
    [{ Principal: { AWS: ['*'], Service: 's3.amazonaws.com' } }],
    [{ Principal: { CanonicalUser: 'a'.repeat(64) } }],
    [{ Principal: { AWS: ['123456789012', 'arn:aws:iam::123456789012:user/path/bob', 'bob'] } }],
    [{ Effect: 'Deny', Principal: undefined, NotPrincipal: { AWS: 'bob' } }],
    [{ Action: '*' }],
    [{ Action: 's3:*', Resource: 'arn:aws:s3:::photos' }],
    [{ Action: ['s3:getobject', 's3:List*'], Resource: 'arn:aws:s3:::photo*' }],
    [{ Action: undefined, NotAction: 's3:PutObject' }],
    [{ Resource: 'arn:aws:s3:::*' }],
    [{ Resource: undefined, NotResource: 'arn:aws:s3:::photos/secret/*' }],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable.
    [{ Resource: 'arn:aws:s3:::photos/${aws:username}/*' }],
    [{ Condition: { Bool: { 'aws:SecureTransport': true } } }],
    [{ Condition: { 'ForAnyValue:StringLikeIfExists': { 's3:ExistingObjectTag/a': ['x', 'y'] } } }],
  ])('may have %j', (changed) => {
    expect(parse(render([{ ...good, ...changed }]))).not.toThrow();
  });

  it('have different ids', () => {
    const named = { ...good, Sid: 'one' };
    expect(parse(render([named, named]))).toThrow(malformed('Duplicate statement id one'));
    expect(parse(render([named, { ...good, Sid: 'two' }, good, good]))).not.toThrow();
  });
});

describe('identity policies', () => {
  const { Principal, ...unnamed } = good;

  it('name no principal, but any resource', () => {
    expect(() => parsePolicy(render(unnamed), 'identity')).not.toThrow();
    expect(() => parsePolicy(render({ ...unnamed, Principal }), 'identity')).toThrow(
      malformed('Policy document should not specify a principal.'),
    );
    const elsewhere = { ...unnamed, Action: 'ec2:*', Resource: 'arn:aws:ec2:*' };
    expect(() => parsePolicy(render(elsewhere), 'identity')).not.toThrow();
  });
});

it('a policy built to be slow is read and refused within the time of a test', () => {
  const Action = new Array(2500).fill('s3:*');
  expect(
    parse(render({ ...good, Action, Resource: `${'*?'.repeat(500)}${'{'.repeat(500)}` })),
  ).toThrow();
  const Resource = new Array(150).fill(`arn:aws:s3:::${'*a'.repeat(50)}`);
  expect(parse(render({ ...good, Resource }))).not.toThrow();
  expect(parse(`${render({ ...good, Resource: '${'.repeat(9000) })}`)).toThrow();
});

it('an effect that is a list in a list in a list is as wrong as any other', () => {
  const deep = '['.repeat(9000) + ']'.repeat(9000);
  expect(parse(`{"Statement":{"Effect":${deep}}}`)).toThrow(malformed('Invalid effect'));
});
