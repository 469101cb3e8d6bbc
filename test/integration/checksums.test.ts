import { randomBytes } from 'node:crypto';
import {
  type ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checksumOf } from '../../src/core/content-digest.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { deleteAllBuckets, newBucketName, s3ClientOf } from '../support/s3-client.ts';

const MIB = 2 ** 20;
const Bucket = newBucketName('checksums');
/** The last one is shorter, and none is a whole number of segments. */
const contents = [5 * MIB + 1, 5 * MIB, 17].map((size) => randomBytes(size));
const whole = Buffer.concat(contents);
let gateway: GatewayProcess;
let s3: S3Client;

beforeAll(async () => {
  gateway = await GatewayProcess.start({ env: { GATEWAY_SEGMENT_SIZE: '2MiB' } });
  s3 = s3ClientOf(gateway);
  await s3.send(new CreateBucketCommand({ Bucket }));
});

afterAll(async () => {
  await deleteAllBuckets(s3);
  await gateway.dispose();
});

const elementOf = (algorithm: ChecksumAlgorithm) => `Checksum${algorithm}` as const;
type Element = ReturnType<typeof elementOf>;
const checksumIn = (answer: object | undefined, element: Element) =>
  (answer as Partial<Record<Element, string>> | undefined)?.[element];

/** Parts of one upload with their checksums, which the SDK works out. */
async function uploadParts(Key: string, UploadId: string, algorithm: ChecksumAlgorithm) {
  const parts = [];
  for (const [index, Body] of contents.entries()) {
    const PartNumber = index + 1;
    const part = { Bucket, Key, UploadId, PartNumber, Body, ChecksumAlgorithm: algorithm };
    const stored = await s3.send(new UploadPartCommand(part));
    const element = elementOf(algorithm);
    parts.push({ PartNumber, ETag: stored.ETag, [element]: checksumIn(stored, element) });
  }
  return parts;
}

async function errorOf(sent: Promise<unknown>) {
  const error = await sent.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof S3ServiceException) return { code: error.name, message: error.message };
  throw error ?? new Error('no error came');
}

describe.each([
  ['CRC32', 'COMPOSITE'],
  ['CRC32C', 'COMPOSITE'],
  ['SHA1', 'COMPOSITE'],
  ['SHA256', 'COMPOSITE'],
  ['CRC32', 'FULL_OBJECT'],
  ['CRC32C', 'FULL_OBJECT'],
  ['CRC64NVME', 'FULL_OBJECT'],
] as const)('an upload with %s of type %s', (algorithm, ChecksumType) => {
  const Key = `${algorithm}/${ChecksumType}`;
  const element = elementOf(algorithm);
  let value = '';
  let ofParts: string[] = [];

  beforeAll(async () => {
    ofParts = await Promise.all(contents.map((content) => checksumOf(algorithm, content)));
    const together = Buffer.concat(ofParts.map((text) => Buffer.from(text, 'base64')));
    value =
      ChecksumType === 'COMPOSITE'
        ? `${await checksumOf(algorithm, together)}-3`
        : await checksumOf(algorithm, whole);
  });

  it('becomes an object of that checksum', async () => {
    const { UploadId = '', ...created } = await s3.send(
      new CreateMultipartUploadCommand({
        Bucket,
        Key,
        ChecksumAlgorithm: algorithm,
        ChecksumType,
      }),
    );
    expect(created).toMatchObject({ ChecksumAlgorithm: algorithm, ChecksumType });
    const Parts = await uploadParts(Key, UploadId, algorithm);
    const listed = await s3.send(new ListPartsCommand({ Bucket, Key, UploadId }));
    expect(listed.Parts?.map((part) => checksumIn(part, element))).toEqual(ofParts);
    const complete = { Bucket, Key, UploadId, ChecksumType, MultipartUpload: { Parts } };
    const wrong = { ...complete, [element]: ofParts[0] };
    expect((await errorOf(s3.send(new CompleteMultipartUploadCommand(wrong)))).code).toBe(
      'BadDigest',
    );
    const right = { ...complete, [element]: value, MpuObjectSize: whole.length };
    const completed = await s3.send(new CompleteMultipartUploadCommand(right));
    expect(completed).toMatchObject({ [element]: value, ChecksumType });
  });

  it('is told by HEAD and verified by the SDK on the way back', async () => {
    const read = { Bucket, Key, ChecksumMode: 'ENABLED' } as const;
    const head = await s3.send(new HeadObjectCommand(read));
    expect(head).toMatchObject({ [element]: value, ChecksumType });
    const { Body } = await s3.send(new GetObjectCommand(read));
    expect(whole.equals((await Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
    const silent = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    expect(checksumIn(silent, element)).toBeUndefined();
  });

  it('has a checksum for each part', async () => {
    for (const [index, content] of contents.entries()) {
      const part = { Bucket, Key, ChecksumMode: 'ENABLED', PartNumber: index + 1 } as const;
      const { Body, ...answer } = await s3.send(new GetObjectCommand(part));
      expect(answer).toMatchObject({ [element]: ofParts[index], ChecksumType, PartsCount: 3 });
      expect(content.equals((await Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
    }
  });

  it('is told with the attributes', async () => {
    const attributes = await s3.send(
      new GetObjectAttributesCommand({
        Bucket,
        Key,
        ObjectAttributes: ['ETag', 'Checksum', 'ObjectParts', 'ObjectSize', 'StorageClass'],
        MaxParts: 2,
        PartNumberMarker: '1',
      }),
    );
    expect(attributes).toMatchObject({
      ETag: expect.stringMatching(/^[0-9a-f]{32}-3$/),
      Checksum: { [element]: value, ChecksumType },
      ObjectParts: {
        TotalPartsCount: 3,
        IsTruncated: false,
        Parts: [2, 3].map((PartNumber) => ({
          PartNumber,
          Size: contents[PartNumber - 1]?.length,
          [element]: ofParts[PartNumber - 1],
        })),
      },
      ObjectSize: whole.length,
      StorageClass: 'STANDARD',
    });
  });
});

describe.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)('%s', (algorithm) => {
  const element = elementOf(algorithm);

  it('of a PUT that is longer than the replay buffer is verified and told', async () => {
    const Key = `${algorithm}/put`;
    const value = await checksumOf(algorithm, whole);
    const put = { Bucket, Key, Body: whole, ChecksumAlgorithm: algorithm } as const;
    expect(await s3.send(new PutObjectCommand(put))).toMatchObject({ [element]: value });
    const wrong = {
      ...put,
      Key: `${Key}/wrong`,
      [element]: await checksumOf(algorithm, Buffer.alloc(1)),
    };
    expect(await errorOf(s3.send(new PutObjectCommand(wrong)))).toEqual({
      code: 'BadDigest',
      message: `The ${algorithm} you specified did not match the calculated checksum.`,
    });
    const malformed = { ...put, Key: `${Key}/malformed`, [element]: 'AAAA' };
    expect(await errorOf(s3.send(new PutObjectCommand(malformed)))).toEqual({
      code: 'InvalidRequest',
      message: `Value for x-amz-checksum-${algorithm.toLowerCase()} header is invalid.`,
    });
  });

  it('is worked out for a copy that asks for it', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'plain', Body: whole }));
    const Key = `${algorithm}/copy`;
    const value = await checksumOf(algorithm, whole);
    const copy = { Bucket, Key, CopySource: `${Bucket}/plain`, ChecksumAlgorithm: algorithm };
    const { CopyObjectResult } = await s3.send(new CopyObjectCommand(copy));
    expect(CopyObjectResult).toMatchObject({ [element]: value, ChecksumType: 'FULL_OBJECT' });
    const head = { Bucket, Key, ChecksumMode: 'ENABLED' } as const;
    expect(await s3.send(new HeadObjectCommand(head))).toMatchObject({ [element]: value });
  });
});
