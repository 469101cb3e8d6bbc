import { pino } from 'pino';
import type { CoreServices } from '../../src/core/services.ts';
import type { BodyPaceLimits } from '../../src/http/body-pace.ts';
import { type HttpListener, listenHttp } from '../../src/http/listener.ts';
import { RequestLimit } from '../../src/http/request-limit.ts';
import type { RequestObserver } from '../../src/http/request-observer.ts';
import { TrustedProxies } from '../../src/http/trusted-proxies.ts';
import { createS3Door } from '../../src/s3/door.ts';
import type { Operation, Route, S3Request, S3Response } from '../../src/s3/operation.ts';

export const testKey = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};

export const testCaller = {
  userId: 'u1',
  userName: 'alice',
  isRoot: false,
  isAnonymous: false,
  policies: [],
  accessKeyId: testKey.accessKeyId,
};

const photos = {
  id: 1,
  name: 'photos',
  ownerId: 'u1',
  locationConstraint: null,
  createdAtMs: 0,
  versioning: null,
  hasObjectLock: false,
  quota: { sizeBytes: null, objectCount: null },
  settings: { ownershipControls: 'BucketOwnerEnforced' },
};

export function fakeOperation(
  name: string,
  handle: (request: S3Request) => Promise<S3Response>,
  bucketAccess: 'none' | 'required' = 'none',
): Operation {
  return { name, permission: `s3:${name}`, bucketAccess, handle };
}

export interface TestS3Server {
  readonly listener: HttpListener;
  readonly endpoint: string;
  /** Parsed lines of the log, oldest first. */
  readonly logLines: Record<string, unknown>[];
  close(): Promise<void>;
}

/** A real listener on loopback with made-up operations; buckets `photos` (alice's) and `others`. */
export async function startS3Server(
  routes: readonly Route[],
  options: {
    readonly bodyPace?: Partial<BodyPaceLimits>;
    readonly requestsMax?: number;
    readonly domains?: readonly string[];
    readonly now?: () => number;
    readonly observer?: RequestObserver;
  } = {},
): Promise<TestS3Server> {
  const logLines: Record<string, unknown>[] = [];
  const logger = pino({ base: null }, { write: (line) => logLines.push(JSON.parse(line)) });
  const buckets = [photos, { ...photos, id: 2, name: 'others', ownerId: 'u2' }];
  const core = {
    index: {
      findBucket: async (name: string) => buckets.find((bucket) => bucket.name === name) ?? null,
    },
    settings: { region: 'us-east-1' },
    logger,
    now: options.now ?? Date.now,
  } as unknown as CoreServices;
  const door = createS3Door({
    core,
    routes,
    domains: options.domains ?? [],
    bodyPace: { idleTimeoutMs: 60_000, bytesPerSecondMin: 0, ...options.bodyPace },
    requestLimit: new RequestLimit(options.requestsMax ?? 100),
    acceptsSignatureV2: false,
    trustedProxies: new TrustedProxies([]),
    ...(options.observer && { observer: options.observer }),
    findCredentials: async (accessKeyId) =>
      accessKeyId === testKey.accessKeyId
        ? { secretAccessKey: testKey.secretAccessKey, caller: testCaller }
        : null,
  });
  const listener = await listenHttp(door, { host: '127.0.0.1', port: 0 });
  return {
    listener,
    endpoint: `http://127.0.0.1:${listener.port}`,
    logLines,
    close: () => listener.close(0),
  };
}
