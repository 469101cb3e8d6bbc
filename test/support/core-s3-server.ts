import { parseIpRange } from '../../src/core/access/policy/ip-range.ts';
import type { Caller } from '../../src/core/services.ts';
import { listenHttp } from '../../src/http/listener.ts';
import { RequestLimit } from '../../src/http/request-limit.ts';
import { TrustedProxies } from '../../src/http/trusted-proxies.ts';
import { createS3Door } from '../../src/s3/door.ts';
import type { TestCore } from './core-services.ts';

/** Secret of every key that this server knows: those of alice, bob and root. */
export const coreSecretAccessKey = 'secret-of-every-test-user';

export interface CoreS3Server {
  readonly endpoint: string;
  readonly port: number;
  close(): Promise<void>;
}

/** All of S3 over HTTP on loopback, on a core in memory. The clock is the machine's. */
export async function startCoreS3Server(
  core: TestCore,
  options: {
    readonly acceptsSignatureV2?: boolean;
    readonly domains?: readonly string[];
    /** Addresses and ranges. */
    readonly trustedProxies?: readonly string[];
  } = {},
): Promise<CoreS3Server> {
  const callers = new Map<string, Caller>(
    [core.alice, core.bob, core.root].map((caller) => [caller.accessKeyId, caller]),
  );
  const door = createS3Door({
    core: { ...core, now: Date.now },
    domains: options.domains ?? [],
    bodyPace: { idleTimeoutMs: 60_000, bytesPerSecondMin: 0 },
    requestLimit: new RequestLimit(100),
    acceptsSignatureV2: options.acceptsSignatureV2 ?? false,
    trustedProxies: new TrustedProxies(
      (options.trustedProxies ?? []).flatMap((range) => parseIpRange(range) ?? []),
    ),
    async findCredentials(accessKeyId) {
      const caller = callers.get(accessKeyId);
      return caller ? { secretAccessKey: coreSecretAccessKey, caller } : null;
    },
  });
  const listener = await listenHttp(door, { host: '127.0.0.1', port: 0 });
  return {
    endpoint: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    close: () => listener.close(0),
  };
}
