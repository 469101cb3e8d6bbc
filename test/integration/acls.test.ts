import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAclCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GatewayProcess, startCommand } from '../support/gateway-process.ts';
import { deleteAllBuckets, newBucketName, s3ClientOf } from '../support/s3-client.ts';

const Bucket = newBucketName('acls');
let gateway: GatewayProcess;
let root: S3Client;
let alice: S3Client;
let bob: S3Client;

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
const urlOf = (key: string) => `${gateway.endpoint}/${Bucket}/${key}`;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  root = s3ClientOf(gateway);
  alice = await clientOfNew('alice');
  bob = await clientOfNew('bob');
  await alice.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
  await deleteAllBuckets(root);
  await gateway.dispose();
});

it('keeps a new bucket closed, whoever asks', async () => {
  await alice.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a' }));
  expect((await fetch(urlOf('a'))).status).toBe(403);
  expect(await nameOf(bob.send(new GetObjectCommand({ Bucket, Key: 'a' })))).toBe('AccessDenied');
  expect(await nameOf(bob.send(new ListObjectsV2Command({ Bucket })))).toBe('AccessDenied');
  const acl = { Bucket, ACL: 'public-read' } as const;
  expect(await nameOf(alice.send(new PutBucketAclCommand(acl)))).toBe(
    'AccessControlListNotSupported',
  );
});

it('opens it step by step', async () => {
  const rule = { ObjectOwnership: 'ObjectWriter' } as const;
  await alice.send(
    new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules: [rule] } }),
  );
  const acl = { Bucket, ACL: 'public-read-write' } as const;
  expect(await nameOf(alice.send(new PutBucketAclCommand(acl)))).toBe('AccessDenied');
  await alice.send(new DeletePublicAccessBlockCommand({ Bucket }));
  await alice.send(new PutBucketAclCommand(acl));
  const { Grants = [] } = await alice.send(new GetBucketAclCommand({ Bucket }));
  expect(Grants.map(({ Grantee, Permission }) => [Grantee?.Type, Permission])).toEqual([
    ['Group', 'READ'],
    ['Group', 'WRITE'],
    ['CanonicalUser', 'FULL_CONTROL'],
  ]);
  expect(await (await fetch(`${gateway.endpoint}/${Bucket}`)).text()).toContain('<Key>a</Key>');
  expect((await fetch(urlOf('a'))).status).toBe(403);
  await alice.send(new PutObjectAclCommand({ Bucket, Key: 'a', ACL: 'public-read' }));
  expect(await (await fetch(urlOf('a'))).text()).toBe('a');
  expect((await fetch(`${urlOf('a')}?response-content-type=a/b`)).status).toBe(400);
});

it('leaves to writers what they wrote', async () => {
  await bob.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'b' }));
  const get = new GetObjectCommand({ Bucket, Key: 'b' });
  expect(await nameOf(alice.send(get))).toBe('AccessDenied');
  const owned = await bob.send(new GetObjectAclCommand({ Bucket, Key: 'b' }));
  expect(owned.Owner?.DisplayName).toBe('bob');
  await bob.send(new PutObjectAclCommand({ Bucket, Key: 'b', ACL: 'bucket-owner-read' }));
  expect(await (await alice.send(get)).Body?.transformToString()).toBe('b');
});

it('takes unsigned chunks with a trailer from anybody where all may write', async () => {
  const put = (trailer: string) =>
    fetch(urlOf('chunks'), {
      method: 'PUT',
      headers: {
        'content-encoding': 'aws-chunked',
        'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        'x-amz-decoded-content-length': '3',
        'x-amz-trailer': 'x-amz-checksum-crc32',
      },
      body: `3\r\ncat\r\n0\r\nx-amz-checksum-crc32:${trailer}\r\n\r\n`,
    });
  expect((await put('AAAAAA==')).status).toBe(400);
  expect((await put('nl5DqA==')).status).toBe(200);
  expect(await (await fetch(urlOf('chunks'))).text()).toBe('cat');
});
