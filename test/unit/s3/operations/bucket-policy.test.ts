import { describe, expect, it } from 'vitest';
import { anonymousCaller } from '../../../../src/core/access/anonymous.ts';
import { createTestCore } from '../../../support/core-services.ts';
import { send } from '../../../support/s3-operations.ts';

const statement = {
  Effect: 'Allow',
  Principal: '*',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::photos/*',
};

function document(...statements: readonly unknown[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

describe('the policy of a bucket', () => {
  it('is given back byte for byte, until it is deleted', async () => {
    const core = await createTestCore();
    expect(await send(core, 'GET /photos?policy')).toMatchObject({
      status: 404,
      code: 'NoSuchBucketPolicy',
      facts: { BucketName: 'photos' },
    });
    const body = `${document(statement)}\n `;
    expect(await send(core, 'PUT /photos?policy', { body })).toMatchObject({ status: 204 });
    expect(await send(core, 'GET /photos?policy')).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json' },
      text: body,
    });
    expect(await send(core, 'DELETE /photos?policy')).toMatchObject({ status: 204 });
    expect(await send(core, 'DELETE /photos?policy')).toMatchObject({ status: 204 });
    expect(await send(core, 'GET /photos?policy')).toMatchObject({ code: 'NoSuchBucketPolicy' });
  });

  it('lets others in from the next request on', async () => {
    const core = await createTestCore();
    await send(core, 'PUT /photos/cat.jpg', { body: 'meow' });
    const get = (caller = core.bob) => send(core, 'GET /photos/cat.jpg', { caller });
    expect(await get()).toMatchObject({ code: 'AccessDenied' });
    await send(core, 'PUT /photos?policy', { body: document(statement) });
    expect(await get()).toMatchObject({ status: 200, text: 'meow' });
    expect(await get(anonymousCaller)).toMatchObject({ status: 200 });
    await send(core, 'DELETE /photos?policy');
    expect(await get()).toMatchObject({ code: 'AccessDenied' });
  });

  it('that is malformed changes nothing', async () => {
    const core = await createTestCore();
    await send(core, 'PUT /photos?policy', { body: document(statement) });
    const refused = await send(core, 'PUT /photos?policy', { body: '' });
    expect(refused).toMatchObject({ status: 400, code: 'MalformedPolicy' });
    expect(await send(core, 'GET /photos?policy')).toMatchObject({ text: document(statement) });
  });

  it.each(['PUT', 'GET', 'DELETE'])('%s is refused to users whom it lets', async (method) => {
    const core = await createTestCore();
    const line = `${method} /photos?policy`;
    const body = document({ ...statement, Action: 's3:*', Resource: 'arn:aws:s3:::photos' });
    expect(await send(core, line, { caller: core.bob, body })).toMatchObject({
      code: 'AccessDenied',
    });
    await send(core, 'PUT /photos?policy', { body });
    expect(await send(core, line, { caller: core.bob, body })).toMatchObject({
      status: 405,
      code: 'MethodNotAllowed',
    });
    expect(await send(core, 'GET /photos?policy')).toMatchObject({ text: body });
  });

  it('tells of keys that are not there only whom it lets list them', async () => {
    const core = await createTestCore();
    const Condition = { StringLike: { 's3:prefix': 'public/*' } };
    const list = { Action: 's3:ListBucket', Resource: 'arn:aws:s3:::photos', Condition };
    await send(core, 'PUT /photos?policy', {
      body: document(statement, { ...statement, ...list }),
    });
    const head = (key: string) => send(core, `HEAD /photos/${key}`, { caller: core.bob });
    expect(await head('public/none')).toMatchObject({ code: 'NoSuchKey' });
    expect(await head('private/none')).toMatchObject({ code: 'AccessDenied' });
  });
});

describe('the status of a policy', () => {
  const isPublic = async (core: Awaited<ReturnType<typeof createTestCore>>) => {
    const response = await send(core, 'GET /photos?policyStatus');
    return response.xml('PolicyStatus').textOf('IsPublic');
  };

  it('is public as long as the policy is', async () => {
    const core = await createTestCore();
    expect(await isPublic(core)).toBe('false');
    await send(core, 'PUT /photos?policy', { body: document(statement) });
    expect(await isPublic(core)).toBe('true');
    const Condition = { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } };
    await send(core, 'PUT /photos?policy', { body: document({ ...statement, Condition }) });
    expect(await isPublic(core)).toBe('false');
  });
});

describe('a bucket that blocks public access', () => {
  const block = (core: Awaited<ReturnType<typeof createTestCore>>, name: string) =>
    core.index.setBucketSetting(
      core.bucket.id,
      'publicAccessBlock',
      JSON.stringify({
        ...{ blockPublicAcls: false, ignorePublicAcls: false },
        ...{ blockPublicPolicy: false, restrictPublicBuckets: false, [name]: true },
      }),
    );

  it('takes no public policy with BlockPublicPolicy, but others', async () => {
    const core = await createTestCore();
    await block(core, 'blockPublicPolicy');
    const put = (Principal: unknown) =>
      send(core, 'PUT /photos?policy', { body: document({ ...statement, Principal }) });
    expect(await put('*')).toMatchObject({ status: 403, code: 'AccessDenied' });
    expect(await put({ AWS: 'arn:aws:iam::123456789012:root' })).toMatchObject({ status: 204 });
  });

  it('lets nobody but its owner and root in by a public policy with RestrictPublicBuckets', async () => {
    const core = await createTestCore();
    await send(core, 'PUT /photos/cat.jpg', { body: 'meow' });
    await send(core, 'PUT /photos?policy', { body: document(statement) });
    await block(core, 'restrictPublicBuckets');
    const get = (caller = core.alice) => send(core, 'GET /photos/cat.jpg', { caller });
    expect(await get(core.bob)).toMatchObject({ code: 'AccessDenied' });
    expect(await get(anonymousCaller)).toMatchObject({ code: 'AccessDenied' });
    expect(await get()).toMatchObject({ status: 200 });
    expect(await get(core.root)).toMatchObject({ status: 200 });
  });
});
