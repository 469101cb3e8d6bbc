import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectLockConfigurationCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithProgram, runOk } from '../support/command-line.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { s3ClientOf } from '../support/s3-client.ts';

const MIB = 2 ** 20;

describeWithProgram('restic', () => {
  let gateway: GatewayProcess;
  let s3: S3Client;
  let home: string;

  const resticIn =
    (bucket: string) =>
    (...commandLine: string[]) =>
      runOk('restic', ['--repo', `s3:${gateway.endpoint}/${bucket}/repository`, ...commandLine], {
        cwd: home,
        env: {
          ...{ HOME: home, RESTIC_PASSWORD: 'secret' },
          AWS_ACCESS_KEY_ID: gateway.accessKeyId,
          AWS_SECRET_ACCESS_KEY: gateway.secretAccessKey,
        },
      });

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    s3 = s3ClientOf(gateway);
    home = await mkdtemp(join(tmpdir(), 'restic-'));
  });

  afterAll(async () => {
    await gateway.dispose();
    await rm(home, { recursive: true });
  });

  const files: Record<string, Buffer> = {
    'small.txt': Buffer.from('hello'),
    'sub/照片 +1.jpg': randomBytes(100_000),
    'sub/large.bin': randomBytes(9 * MIB),
  };

  async function writeTree(): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      const path = join(home, 'tree', name);
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, content);
    }
  }

  /** Backs up twice, forgets the first, and gets the second back, byte by byte. */
  async function useRepository(restic: ReturnType<typeof resticIn>): Promise<void> {
    await writeTree();
    await restic('init');
    await restic('backup', 'tree');
    files['sub/large.bin'] = randomBytes(9 * MIB);
    await writeTree();
    await restic('backup', 'tree');
    await restic('check', '--read-data');
    expect(await restic('forget', '--keep-last', '1', '--prune')).toContain('remove 1 snapshots');
    await restic('check', '--read-data');
    const target = await mkdtemp(join(home, 'back-'));
    await restic('restore', 'latest', '--target', target);
    for (const [name, content] of Object.entries(files)) {
      expect((await readFile(join(target, 'tree', name))).equals(content), name).toBe(true);
    }
  }

  it('backs up, checks, forgets, prunes and restores', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'plain' }));
    await useRepository(resticIn('plain'));
  });

  it('goes on in a bucket with object lock, where forgotten files stay as versions', async () => {
    const Bucket = 'locked';
    await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    await s3.send(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
        },
      }),
    );
    await useRepository(resticIn(Bucket));
    const { Versions = [], DeleteMarkers = [] } = await s3.send(
      new ListObjectVersionsCommand({ Bucket, Prefix: 'repository/data/' }),
    );
    // Pruning deleted packs, of which a marker is left, and the packs themselves.
    const pruned = Versions.filter(({ Key }) => DeleteMarkers.some((marker) => marker.Key === Key));
    expect(pruned.length).toBeGreaterThan(0);
    const [{ Key, VersionId } = {}] = pruned;
    const deleting = s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    await expect(deleting).rejects.toMatchObject({ name: 'AccessDenied' });
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key, VersionId }));
    expect(head.ObjectLockMode).toBe('GOVERNANCE');
  });
});
