import {
  DeletePublicAccessBlockCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import { bucketOrigin, originDefaults } from '../../src/core/origin/bucket-origin.ts';
import type { Caller } from '../../src/core/services.ts';
import { coreSecretAccessKey, startCoreS3Server } from '../support/core-s3-server.ts';
import { createTestCore } from '../support/core-services.ts';
import { startOriginServer } from '../support/origin-server.ts';
import { startQiniuServer } from '../support/qiniu-server.ts';

/** Alice's bucket `photos`, whose origin has `cat.jpg` alone. */
async function start() {
  const origin = await startOriginServer((request, response) => {
    if (request.url !== '/cat.jpg') return response.writeHead(404).end();
    response.writeHead(200, { 'content-length': 5, 'content-type': 'image/jpeg', etag: '"v1"' });
    response.end('a cat');
  });
  const core = await createTestCore();
  await bucketOrigin.put(core, core.bucket, {
    ...originDefaults,
    ...{ kind: 'http', url: origin.url, credentials: null },
  });
  const server = await startCoreS3Server(core);
  onTestFinished(() => server.close());
  const clientOf = (caller: Caller) =>
    new S3Client({
      ...{ endpoint: server.endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 },
      credentials: { accessKeyId: caller.accessKeyId, secretAccessKey: coreSecretAccessKey },
    });
  const alice = clientOf(core.alice);
  const allow = async (action: string, resource: string, condition?: object) => {
    await alice.send(new DeletePublicAccessBlockCommand({ Bucket: 'photos' }));
    const statement = {
      ...{ Effect: 'Allow', Principal: '*', Action: action, Resource: `arn:aws:s3:::${resource}` },
      ...(condition && { Condition: condition }),
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await alice.send(new PutBucketPolicyCommand({ Bucket: 'photos', Policy }));
  };
  const anonymous = async (key: string, method = 'GET') => {
    const response = await fetch(`${server.endpoint}/photos/${key}`, { method });
    return { status: response.status, text: await response.text() };
  };
  return { core, origin, alice, bob: clientOf(core.bob), allow, anonymous };
}

const cat = { Bucket: 'photos', Key: 'cat.jpg' };

it('whoever may not read an object is refused, and the origin is not asked', async () => {
  const { origin, bob, anonymous } = await start();
  await expect(bob.send(new GetObjectCommand(cat))).rejects.toMatchObject({ name: 'AccessDenied' });
  for (const method of ['GET', 'HEAD']) {
    expect(await anonymous('cat.jpg', method)).toMatchObject({ status: 403 });
    expect(await anonymous('dog.jpg', method)).toMatchObject({ status: 403 });
  }
  expect(origin.requests).toHaveLength(0);
});

it('whoever may read an object gets it, and is told what is missing only if it may list', async () => {
  const { allow, anonymous } = await start();
  await allow('s3:GetObject', 'photos/*');
  expect(await anonymous('cat.jpg', 'HEAD')).toMatchObject({ status: 200 });
  expect(await anonymous('cat.jpg')).toEqual({ status: 200, text: 'a cat' });
  expect(await anonymous('dog.jpg')).toMatchObject({ status: 403 });
});

it('what may be read by its tags has none at the origin', async () => {
  const { core, allow, anonymous } = await start();
  await allow('s3:GetObject', 'photos/*', {
    StringEquals: { 's3:ExistingObjectTag/public': 'yes' },
  });
  expect(await anonymous('cat.jpg')).toMatchObject({ status: 403 });
  await allow('s3:GetObject', 'photos/*', { Null: { 's3:ExistingObjectTag/public': 'true' } });
  expect(await anonymous('cat.jpg')).toEqual({ status: 200, text: 'a cat' });
  await core.pulls.idle();
  expect(await core.keys()).toEqual(['cat.jpg']);
});

it('the owner is told that a key is nowhere', async () => {
  const { alice } = await start();
  const missing = { Bucket: 'photos', Key: 'dog.jpg' };
  await expect(alice.send(new GetObjectCommand(missing))).rejects.toMatchObject({
    name: 'NoSuchKey',
  });
  await expect(alice.send(new HeadObjectCommand(missing))).rejects.toMatchObject({
    name: 'NotFound',
  });
});

it('a version is told once there is one', async () => {
  const { core, alice } = await start();
  await alice.send(
    new PutBucketVersioningCommand({
      Bucket: 'photos',
      VersioningConfiguration: { Status: 'Enabled' },
    }),
  );
  const first = await alice.send(new GetObjectCommand(cat));
  expect(await first.Body?.transformToString()).toBe('a cat');
  expect(first.VersionId).toBeUndefined();
  await core.pulls.idle();
  const second = await alice.send(new GetObjectCommand(cat));
  expect(await second.Body?.transformToString()).toBe('a cat');
  expect(second.VersionId).toMatch(/./);
  expect(second.ETag).toBe(first.ETag);
});

it('a version that is asked for by its id is not looked for at the origin', async () => {
  const { origin, alice } = await start();
  const VersionId = 'null';
  await expect(alice.send(new GetObjectCommand({ ...cat, VersionId }))).rejects.toMatchObject({
    name: 'NoSuchVersion',
  });
  expect(origin.requests).toHaveLength(0);
});

it('an origin that fails is a 502 which does not tell where it is', async () => {
  const { core, alice } = await start();
  const url = 'http://127.0.0.1:1/';
  const origin = { ...originDefaults, kind: 'http', url, credentials: null } as const;
  await bucketOrigin.put(core, core.bucket, origin);
  const failure = alice.send(new GetObjectCommand(cat));
  await expect(failure).rejects.toMatchObject({
    ...{ name: 'OriginFailed', $metadata: { httpStatusCode: 502 } },
    message: 'The origin of this bucket cannot be reached. Nothing was stored.',
  });
});

it('objects are fetched through the Qiniu door, too', async () => {
  const { core, origin, allow } = await start();
  await allow('s3:GetObject', 'photos/*');
  const qiniu = await startQiniuServer(core);
  onTestFinished(() => qiniu.close());
  for (const _time of ['first', 'second']) {
    const answer = await qiniu.send({ method: 'GET', path: '/photos/cat.jpg' });
    expect(answer).toMatchObject({ status: 200, text: 'a cat' });
    expect(answer.headers['content-type']).toBe('image/jpeg');
    await core.pulls.idle();
    expect(await core.keys()).toEqual(['cat.jpg']);
    expect(origin.lines()).toEqual(['GET /cat.jpg']);
  }
  expect(await qiniu.send({ method: 'GET', path: '/photos/dog.jpg' })).toMatchObject({
    status: 404,
  });
  const url = 'http://127.0.0.1:1/';
  const down = { ...originDefaults, kind: 'http', url, credentials: null } as const;
  await bucketOrigin.put(core, core.bucket, down);
  const failed = await qiniu.send({ method: 'GET', path: '/photos/new.jpg' });
  expect(failed).toMatchObject({
    status: 478,
    json: { error: 'The origin of this bucket cannot be reached. Nothing was stored.' },
  });
});
