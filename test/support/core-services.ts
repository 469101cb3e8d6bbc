import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewBucketSettings } from '../../src/core/access/object-ownership.ts';
import { OpenFiles } from '../../src/core/open-files.ts';
import type { Origins } from '../../src/core/origin/origin.ts';
import { OriginPulls } from '../../src/core/origin/origin-pulls.ts';
import { Orphans } from '../../src/core/orphans.ts';
import { SecretBox } from '../../src/core/secrets.ts';
import type { Caller, CoreServices } from '../../src/core/services.ts';
import { Spool } from '../../src/core/spool/spool.ts';
import type { ObjectIndex } from '../../src/object-index/object-index.ts';
import type { Bucket } from '../../src/object-index/records.ts';
import { openSqliteIndex } from '../../src/object-index/sqlite-index.ts';
import { OriginSources } from '../../src/origins/origin-sources.ts';
import { parseAllowedTarget } from '../../src/outbound/allowed-targets.ts';
import { OutboundHttp, type OutboundSettings } from '../../src/outbound/outbound-http.ts';
import { createLogger } from '../../src/support/logger.ts';
import { MemoryBlobStore } from './memory-blob-store.ts';
import { listAllDue } from './object-index.ts';

export const deleteDelayMs = 60_000;
const replicaCheckDelayMs = 60_000;

/** A clock that tests set. */
interface TestClock {
  nowMs: number;
}

export interface TestCore extends CoreServices {
  readonly blobs: MemoryBlobStore;
  readonly pulls: OriginPulls;
  readonly clock: TestClock;
  readonly alice: Caller;
  readonly bob: Caller;
  readonly root: Caller;
  readonly bucket: Bucket;
  /** File IDs that wait for their deletion, in order. */
  queued(): Promise<readonly string[]>;
  /** Keys that readers see. */
  keys(): Promise<readonly string[]>;
}

/** Core on an index in memory, with users alice, bob and root, and alice's bucket `photos`. */
export async function createTestCore(
  options: {
    readonly replayBufferSizeBytes?: number;
    readonly segmentSizeBytesMax?: number;
    readonly spoolSizeBytesMax?: number;
    readonly region?: string;
    readonly keepsQetags?: boolean;
    readonly newBuckets?: Partial<NewBucketSettings>;
    readonly locationGroups?: Readonly<Record<string, string>>;
    readonly storageClassGroups?: Readonly<Record<string, string>>;
    /** Where buckets get what they do not have. */
    readonly origins?: Origins;
    /** By default, loopback may be talked to, as that is where the servers of tests are. */
    readonly outbound?: Partial<OutboundSettings>;
    /** Methods of the index that behave otherwise. */
    readonly indexFaults?: Partial<ObjectIndex>;
  } = {},
): Promise<TestCore> {
  const clock = { nowMs: Date.UTC(2024, 0, 1) };
  const now = () => clock.nowMs;
  const real = await openSqliteIndex({
    path: ':memory:',
    threads: false,
    deleteDelayMs,
    replicaCheckDelayMs,
    now,
  });
  const index = withFaults(real, options.indexFaults ?? {});
  const [alice, bob, root] = [
    await createCaller(real, 'alice', false),
    await createCaller(real, 'bob', false),
    await createCaller(real, 'root', true),
  ];
  const { bucket } = await real.createBucket({
    name: 'photos',
    ownerId: alice.userId,
    locationConstraint: null,
    createdAtMs: clock.nowMs,
  });
  const logger = createLogger('silent');
  const outbound = new OutboundHttp({
    allowed: [parseAllowedTarget('127.0.0.0/8')].filter((target) => target !== null),
    callbackHosts: [],
    ...options.outbound,
  });
  const origins =
    options.origins ??
    new OriginSources({ outbound, secrets: new SecretBox(Buffer.alloc(32, 1)), now });
  const core: TestCore = {
    index,
    openFiles: new OpenFiles(),
    orphans: new Orphans({ index, logger, now, deleteDelayMs }),
    spool: new Spool({
      directory: join(tmpdir(), 'fastdfs-s3-test-spool'),
      sizeBytesMax: options.spoolSizeBytesMax ?? 2 ** 30,
      contentMemoryBytesMax: options.replayBufferSizeBytes ?? 1024,
      logger,
    }),
    blobs: new MemoryBlobStore(
      options.segmentSizeBytesMax ? { segmentSizeBytesMax: options.segmentSizeBytesMax } : {},
    ),
    outbound,
    pulls: new OriginPulls(origins, () => core),
    settings: {
      replayBufferSizeBytes: options.replayBufferSizeBytes ?? 1024,
      deleteDelayMs,
      region: options.region ?? 'us-east-1',
      keepsQetags: options.keepsQetags ?? false,
      newBuckets: {
        objectOwnership: 'BucketOwnerEnforced',
        blocksPublicAccess: true,
        ...options.newBuckets,
      },
      locationGroups: new Map(Object.entries(options.locationGroups ?? {})),
      storageClassGroups: new Map(Object.entries(options.storageClassGroups ?? {})),
    },
    logger,
    now,
    clock,
    alice,
    bob,
    root,
    bucket,
    async queued() {
      const due = await listAllDue(real, clock.nowMs + deleteDelayMs);
      return due.map(({ fileId }) => fileId);
    },
    async keys() {
      const request = { bucketId: bucket.id, prefix: '', delimiter: '', after: '', limit: 1000 };
      return (await real.listObjects(request)).objects.map(({ key }) => key);
    },
  };
  return core;
}

async function createCaller(index: ObjectIndex, name: string, isRoot: boolean): Promise<Caller> {
  const id = Buffer.from(name).toString('hex').padEnd(64, '0');
  await index.createUser({ id, name, isRoot, createdAtMs: 0 });
  return {
    userId: id,
    userName: name,
    isRoot,
    isAnonymous: false,
    policies: [],
    accessKeyId: `KEY${name.toUpperCase()}`,
  };
}

function withFaults(index: ObjectIndex, faults: Partial<ObjectIndex>): ObjectIndex {
  return new Proxy(index, {
    get(target, name) {
      if (name in faults) return faults[name as keyof ObjectIndex];
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
