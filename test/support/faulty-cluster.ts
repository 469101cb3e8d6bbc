import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { renderHostPort } from '../../src/support/units.ts';
import { type ClusterUnderTest, openClusterUnderTest } from './cluster/cluster-under-test.ts';
import { trackersOf } from './cluster-control.ts';
import type { EmbeddedClusterOptions } from './embedded-cluster.ts';
import { GatewayProcess } from './gateway-process.ts';
import { deleteAllBuckets, newBucketName, s3ClientOf } from './s3-client.ts';

/** Short enough that a test need not wait for long, long enough for a busy machine. */
const TIMEOUTS = {
  FASTDFS_CONNECT_TIMEOUT: '1s',
  FASTDFS_NETWORK_TIMEOUT: '2s',
  FASTDFS_COMMAND_TIMEOUT: '5s',
  FASTDFS_REFRESH_INTERVAL: '200ms',
  FASTDFS_AVOID_FAILED: '500ms',
} as const;

/** A cluster that is about to fail, a compiled gateway in front of it, and a bucket. */
export interface FaultyCluster extends ClusterUnderTest {
  readonly gateway: GatewayProcess;
  /** The SDK as it comes: it tries three times. */
  readonly s3: S3Client;
  /** The SDK without retries. */
  readonly s3Once: S3Client;
  readonly bucket: string;
  put(key: string, content: Buffer, client?: S3Client): Promise<void>;
  get(key: string, client?: S3Client): Promise<Buffer>;
  close(): Promise<void>;
}

export async function startFaultyCluster(
  options: EmbeddedClusterOptions = {},
  env: Readonly<Record<string, string>> = {},
): Promise<FaultyCluster> {
  const under = await openClusterUnderTest(options);
  const trackers = trackersOf(under.control).map(renderHostPort).join(',');
  const gateway = await GatewayProcess.start({
    env: { ...TIMEOUTS, FASTDFS_TRACKERS: trackers, ...env },
  });
  const s3 = s3ClientOf(gateway, clientConfig());
  const s3Once = s3ClientOf(gateway, { ...clientConfig(), maxAttempts: 1 });
  const bucket = newBucketName('faults');
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    ...under,
    gateway,
    s3,
    s3Once,
    bucket,
    async put(key, content, client = s3) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content }));
    },
    async get(key, client = s3) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    async close() {
      if (under.embedded === null) {
        // A cluster that goes on after the test is left as it was.
        await under.control.close();
        await deleteAllBuckets(s3);
      }
      s3.destroy();
      s3Once.destroy();
      await gateway.dispose();
      if (under.embedded !== null) await under.control.close();
    },
  };
}

/** Checksums of the SDK's own are off: it is the gateway's that are on trial. */
function clientConfig(): S3ClientConfig {
  return {
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  };
}

export function randomObject(sizeBytes: number): Buffer {
  return randomBytes(sizeBytes);
}

/** What a run showed, for whoever keeps such figures: a line of JSON in a file that is asked for. */
export function noteFigures(name: string, figures: Readonly<Record<string, unknown>>): void {
  const path = process.env.CLUSTER_FAULTS_FIGURES;
  if (path) appendFileSync(path, `${JSON.stringify({ name, ...figures })}\n`);
}
