import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayProcess, startCommand } from '../support/gateway-process.ts';
import { deleteAllBuckets, newBucketName, s3ClientOf } from '../support/s3-client.ts';

let gateway: GatewayProcess;
let root: S3Client;
/** Owns the buckets. */
let alice: S3Client;
let bob: S3Client;
let carol: S3Client;

async function clientOfNew(name: string): Promise<S3Client> {
  const command = startCommand(gateway.dataDir, ['user', 'add', name, '--json']);
  const { output } = await command.end(null);
  return s3ClientOf(gateway, { credentials: JSON.parse(output) });
}

const nameOf = async (sent: Promise<unknown>) => {
  try {
    await sent;
    return 'done';
  } catch (error) {
    return (error as Error).name;
  }
};

interface SaidStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Principal?: object | string;
  readonly NotPrincipal?: object;
  readonly Condition?: object;
  /** Keys, as patterns; left out, the bucket and all that is in it. */
  readonly keys?: string;
}

const users = { AWS: ['bob', 'carol'] };

/** Gives a bucket that policy. Bob and Carol are meant where a statement names nobody. */
async function setPolicy(Bucket: string, ...statements: readonly SaidStatement[]): Promise<void> {
  const arn = `arn:aws:s3:::${Bucket}`;
  const Statement = statements.map(({ keys, ...said }) => ({
    ...(!said.NotPrincipal && { Principal: users }),
    ...said,
    Resource: keys === undefined ? [arn, `${arn}/*`] : `${arn}/${keys}`,
  }));
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await alice.send(new PutBucketPolicyCommand({ Bucket, Policy }));
}

async function newBucket(purpose: string, objects: Readonly<Record<string, string>> = {}) {
  const Bucket = newBucketName(purpose);
  await alice.send(new CreateBucketCommand({ Bucket }));
  for (const [Key, Body] of Object.entries(objects)) {
    await alice.send(new PutObjectCommand({ Bucket, Key, Body }));
  }
  return Bucket;
}

const get = (s3: S3Client, Bucket: string, Key: string, VersionId?: string) =>
  nameOf(s3.send(new GetObjectCommand({ Bucket, Key, VersionId })));
const put = (s3: S3Client, Bucket: string, Key: string) =>
  nameOf(s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' })));

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  root = s3ClientOf(gateway);
  alice = await clientOfNew('alice');
  bob = await clientOfNew('bob');
  carol = await clientOfNew('carol');
});
afterAll(async () => {
  await deleteAllBuckets(alice);
  await deleteAllBuckets(bob);
  await gateway.dispose();
});

describe('a policy', () => {
  it('lets in whom it names to what it names, and an explicit Deny wins', async () => {
    const bucket = await newBucket('allow', { 'in/a': 'a', 'out/a': 'a' });
    expect(await get(bob, bucket, 'in/a')).toBe('AccessDenied');
    await setPolicy(
      bucket,
      { Effect: 'Allow', Action: 's3:GetObject', keys: 'in/*' },
      { Effect: 'Deny', Action: 's3:*', Principal: { AWS: 'carol' } },
    );
    expect(await get(bob, bucket, 'in/a')).toBe('done');
    expect(await get(bob, bucket, 'out/a')).toBe('AccessDenied');
    expect(await get(bob, bucket, 'in/none')).toBe('AccessDenied');
    expect(await get(carol, bucket, 'in/a')).toBe('AccessDenied');
    expect(await put(bob, bucket, 'in/a')).toBe('AccessDenied');
    expect((await fetch(`${gateway.endpoint}/${bucket}/in/a`)).status).toBe(403);
    const { Buckets = [] } = await bob.send(new ListBucketsCommand({}));
    expect(Buckets.map(({ Name }) => Name)).not.toContain(bucket);
  });

  it('with NotPrincipal shuts out everybody else, root too', async () => {
    const bucket = await newBucket('not', { a: 'a' });
    await setPolicy(
      bucket,
      { Effect: 'Allow', Action: 's3:GetObject', keys: '*' },
      {
        Effect: 'Deny',
        Action: 's3:GetObject',
        NotPrincipal: { AWS: ['alice', 'bob'] },
        keys: '*',
      },
    );
    expect(await get(bob, bucket, 'a')).toBe('done');
    expect(await get(carol, bucket, 'a')).toBe('AccessDenied');
    expect(await get(root, bucket, 'a')).toBe('AccessDenied');
  });

  it('gives each user a prefix of its own', async () => {
    const bucket = await newBucket('prefix', { 'home/bob/a': 'b', 'home/carol/a': 'c' });
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable.
    const home = 'home/${aws:username}/*';
    await setPolicy(
      bucket,
      { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], keys: home },
      {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Condition: { StringLike: { 's3:prefix': home } },
      },
    );
    const list = (s3: S3Client, Prefix?: string) =>
      nameOf(s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix })));
    expect(await list(bob, 'home/bob/')).toBe('done');
    expect(await list(bob, 'home/carol/')).toBe('AccessDenied');
    expect(await list(bob, 'home/')).toBe('AccessDenied');
    expect(await list(bob)).toBe('AccessDenied');
    expect(await get(bob, bucket, 'home/bob/a')).toBe('done');
    expect(await get(bob, bucket, 'home/carol/a')).toBe('AccessDenied');
    expect(await put(carol, bucket, 'home/carol/b')).toBe('done');
    expect(await put(carol, bucket, 'home/bob/b')).toBe('AccessDenied');
  });

  it.each([
    ['127.0.0.0/8', 'done'],
    ['::ffff:127.0.0.0/104', 'done'],
    ['10.0.0.0/8', 'AccessDenied'],
  ])('asks for the address: %s', async (range, outcome) => {
    const bucket = await newBucket('ip', { a: 'a' });
    const Condition = { IpAddress: { 'aws:SourceIp': range } };
    await setPolicy(bucket, { Effect: 'Allow', Action: 's3:GetObject', keys: '*', Condition });
    expect(await get(bob, bucket, 'a')).toBe(outcome);
  });
});

it('goes by the tags that an object has and those that a request gives', async () => {
  const Bucket = await newBucket('tags', { a: 'a' });
  const Tagging = 'access=open';
  await alice.send(new PutObjectCommand({ Bucket, Key: 'open', Body: 'x', Tagging }));
  await setPolicy(
    Bucket,
    {
      ...{ Effect: 'Allow', Action: 's3:GetObject', keys: '*' },
      Condition: { StringEquals: { 's3:ExistingObjectTag/access': 'open' } },
    },
    {
      ...{ Effect: 'Allow', Action: 's3:PutObjectTagging', keys: '*' },
      Condition: { StringEquals: { 's3:RequestObjectTag/by': 'users' } },
    },
  );
  expect(await get(bob, Bucket, 'open')).toBe('done');
  expect(await get(bob, Bucket, 'a')).toBe('AccessDenied');
  const tag = (Key: string, Value: string) => {
    const tags = { TagSet: [{ Key, Value }] };
    return nameOf(bob.send(new PutObjectTaggingCommand({ Bucket, Key: 'a', Tagging: tags })));
  };
  expect(await tag('access', 'open')).toBe('AccessDenied');
  expect(await tag('by', 'users')).toBe('done');
  expect(await get(bob, Bucket, 'a')).toBe('AccessDenied');
});

it('copies only what the caller may read, with its tags only where it may read those', async () => {
  const source = await newBucket('source', { shut: 'shut' });
  const tagged = { Bucket: source, Key: 'tagged', Body: 'x', Tagging: 'secret=1' };
  await alice.send(new PutObjectCommand(tagged));
  await setPolicy(source, { Effect: 'Allow', Action: 's3:GetObject', keys: 'tagged' });
  const Bucket = newBucketName('copies');
  await bob.send(new CreateBucketCommand({ Bucket }));
  const copy = (key: string, replaced = {}) => {
    const CopySource = `${source}/${key}`;
    return nameOf(
      bob.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource, ...replaced })),
    );
  };
  expect(await copy('shut')).toBe('AccessDenied');
  expect(await copy('tagged')).toBe('AccessDenied');
  expect(await copy('tagged', { TaggingDirective: 'REPLACE' })).toBe('done');
  const { TagSet } = await bob.send(new GetObjectTaggingCommand({ Bucket, Key: 'copy' }));
  expect(TagSet).toEqual([]);
  const { UploadId } = await bob.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
  const copyPart = (key: string) => {
    const upload = { Bucket, Key: 'parts', UploadId, PartNumber: 1 };
    return nameOf(
      bob.send(new UploadPartCopyCommand({ ...upload, CopySource: `${source}/${key}` })),
    );
  };
  expect(await copyPart('shut')).toBe('AccessDenied');
  expect(await copyPart('tagged')).toBe('done');
});

it('leaves uploads to who began them and to the owner of the bucket', async () => {
  const Bucket = await newBucket('uploads');
  await setPolicy(Bucket, {
    Effect: 'Allow',
    Action: 's3:PutObject',
    keys: 'bob/*',
    Principal: { AWS: 'bob' },
  });
  const Key = 'bob/upload';
  const { UploadId } = await bob.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const upload = { Bucket, Key, UploadId };
  const part = { ...upload, PartNumber: 1, Body: 'x' };
  expect(await nameOf(carol.send(new UploadPartCommand(part)))).toBe('AccessDenied');
  expect(await nameOf(carol.send(new ListPartsCommand(upload)))).toBe('AccessDenied');
  expect(await nameOf(carol.send(new AbortMultipartUploadCommand(upload)))).toBe('AccessDenied');
  const { ETag } = await bob.send(new UploadPartCommand(part));
  expect((await bob.send(new ListPartsCommand(upload))).Parts).toHaveLength(1);
  expect((await alice.send(new ListPartsCommand(upload))).Parts).toHaveLength(1);
  const complete = new CompleteMultipartUploadCommand({
    ...upload,
    MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] },
  });
  expect(await nameOf(carol.send(complete))).toBe('AccessDenied');
  expect(await nameOf(bob.send(complete))).toBe('done');
  expect(await get(bob, Bucket, Key)).toBe('AccessDenied');
  expect(await get(alice, Bucket, Key)).toBe('done');
});

it('has permissions of their own for versions', async () => {
  const Bucket = await newBucket('versions');
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await alice.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  const object = { Bucket, Key: 'a', Body: 'old' };
  const { VersionId } = await alice.send(new PutObjectCommand(object));
  await alice.send(new PutObjectCommand({ ...object, Body: 'new' }));
  const current = ['s3:GetObject', 's3:DeleteObject', 's3:ListBucket'];
  await setPolicy(Bucket, { Effect: 'Allow', Action: current });
  const remove = (id?: string) =>
    nameOf(bob.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId: id })));
  const list = () => nameOf(bob.send(new ListObjectVersionsCommand({ Bucket })));
  expect(await get(bob, Bucket, 'a')).toBe('done');
  expect(await get(bob, Bucket, 'a', VersionId)).toBe('AccessDenied');
  expect(await list()).toBe('AccessDenied');
  expect(await remove(VersionId)).toBe('AccessDenied');
  const Objects = [{ Key: 'a', VersionId }, { Key: 'b' }];
  const { Deleted = [], Errors = [] } = await bob.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects } }),
  );
  expect(Deleted.map(({ Key }) => Key)).toEqual(['b']);
  expect(Errors.map(({ Code, Key }) => [Code, Key])).toEqual([['AccessDenied', 'a']]);
  expect(await remove()).toBe('done');
  const ofVersions = ['s3:GetObjectVersion', 's3:DeleteObjectVersion', 's3:ListBucketVersions'];
  await setPolicy(Bucket, { Effect: 'Allow', Action: ofVersions });
  expect(await get(bob, Bucket, 'a')).toBe('AccessDenied');
  expect(await get(bob, Bucket, 'a', VersionId)).toBe('done');
  expect(await list()).toBe('done');
  expect(await remove(VersionId)).toBe('done');
});
