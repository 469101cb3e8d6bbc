import { Agent } from 'node:http';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  RenameObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { s3ClientOf } from '../support/s3-client.ts';

const Bucket = 'races';

/** So many at once, each over a connection of its own, which another worker may take. */
const RACERS = 150;

describe.each([
  ['one process', {}],
  ['three workers', { GATEWAY_WORKERS: '3' }],
])('races on %s', (_, env: Record<string, string>) => {
  let gateway: GatewayProcess;
  let s3: S3Client;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ env });
    s3 = s3ClientOf(gateway, {
      maxAttempts: 5,
      requestHandler: { httpAgent: new Agent({ keepAlive: false, maxSockets: 60 }) },
    });
    await s3.send(new CreateBucketCommand({ Bucket }));
  });

  afterAll(() => gateway.dispose());

  const race = async (count: number, run: (racer: number) => Promise<unknown>) => {
    const outcomes = await Promise.all(
      Array.from({ length: count }, (_, racer) =>
        run(racer).then(
          () => 'done',
          (error: { name: string }) => error.name,
        ),
      ),
    );
    const winners = outcomes.flatMap((outcome, racer) => (outcome === 'done' ? [racer] : []));
    return { winners, losses: new Set(outcomes.filter((outcome) => outcome !== 'done')) };
  };

  const put = (Key: string, Body: string, more: object = {}) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));

  async function get(Key: string): Promise<{ text: string; ETag: string | undefined }> {
    const { Body, ETag } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return { text: (await Body?.transformToString()) ?? '', ETag };
  }

  it('of many creators exactly one wins, and its object is what is read', async () => {
    const { winners, losses } = await race(RACERS, (racer) =>
      put('created', `by ${racer}`, { IfNoneMatch: '*' }),
    );
    expect(winners).toHaveLength(1);
    expect(losses).toEqual(new Set(['PreconditionFailed']));
    expect((await get('created')).text).toBe(`by ${winners[0]}`);
  });

  it('of many uploads, copies and puts that would create a key exactly one does', async () => {
    await put('source', 'copied');
    const uploads = await Promise.all(Array.from({ length: 20 }, () => uploadOf('mixed')));
    const { winners, losses } = await race(60, (racer) => {
      const complete = uploads[racer];
      if (complete) return complete();
      const CopySource = `${Bucket}/source`;
      return racer < 40
        ? put('mixed', 'put', { IfNoneMatch: '*' })
        : s3.send(new CopyObjectCommand({ Bucket, Key: 'mixed', CopySource, IfNoneMatch: '*' }));
    });
    expect(winners).toHaveLength(1);
    expect(losses).toEqual(new Set(['PreconditionFailed']));
    const [winner = 0] = winners;
    const expected = winner < 20 ? 'uploaded' : winner < 40 ? 'put' : 'copied';
    expect((await get('mixed')).text).toBe(expected);
  });

  it('counters by compare-and-swap lose no update', async () => {
    await put('counter', '0');
    const steps = 8;
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        for (let done = 0; done < steps; ) {
          const { text, ETag } = await get('counter');
          const added = put('counter', String(Number(text) + 1), { IfMatch: ETag });
          done += await added.then(
            () => 1,
            (error: { name: string }) => {
              if (error.name !== 'PreconditionFailed') throw error;
              return 0;
            },
          );
        }
      }),
    );
    expect((await get('counter')).text).toBe(String(5 * steps));
  });

  it('of many that delete one object by its ETag exactly one does', async () => {
    const { ETag } = await put('doomed', 'x');
    const { winners, losses } = await race(60, () =>
      s3.send(new DeleteObjectCommand({ Bucket, Key: 'doomed', IfMatch: ETag })),
    );
    expect(winners).toHaveLength(1);
    expect(losses).toEqual(new Set(['NoSuchKey']));
  });

  it('of many appends at one offset exactly one is there, and renames move one object once', async () => {
    const { winners, losses } = await race(60, (racer) =>
      put('appended', `by ${racer}`, { WriteOffsetBytes: 0 }),
    );
    expect(winners).toHaveLength(1);
    expect(losses).toEqual(new Set(['InvalidWriteOffset']));
    expect((await get('appended')).text).toBe(`by ${winners[0]}`);
    const renames = await race(60, (racer) =>
      s3.send(
        new RenameObjectCommand({ Bucket, Key: `renamed-${racer}`, RenameSource: 'appended' }),
      ),
    );
    expect(renames.winners).toHaveLength(1);
    expect(renames.losses).toEqual(new Set(['NoSuchKey']));
    expect((await get(`renamed-${renames.winners[0]}`)).text).toBe(`by ${winners[0]}`);
  });

  async function uploadOf(Key: string): Promise<() => Promise<unknown>> {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const part = { Bucket, Key, UploadId, PartNumber: 1 };
    const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: 'uploaded' }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    return () =>
      s3.send(
        new CompleteMultipartUploadCommand({
          ...{ Bucket, Key, UploadId, MultipartUpload, IfNoneMatch: '*' },
        }),
      );
  }
});
