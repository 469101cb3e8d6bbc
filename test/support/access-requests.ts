import type {
  AccessTarget,
  PolicyRequest,
  RequestFacts,
} from '../../src/core/access/access-request.ts';
import { arnOf } from '../../src/core/access/access-request.ts';
import type { Caller } from '../../src/core/services.ts';
import type { Bucket } from '../../src/object-index/records.ts';

/** A user whose id is its name in lower case and its key its name in upper case. */
export function aCaller(name: string, differing: Partial<Caller> = {}): Caller {
  return {
    userId: `id-${name}`,
    userName: name,
    isRoot: false,
    isAnonymous: false,
    policies: [],
    accessKeyId: name.toUpperCase(),
    ...differing,
  };
}

/** Alice's bucket `photos`, without ACLs. */
export function aBucket(differing: Partial<Bucket> = {}): Bucket {
  return {
    id: 1,
    name: 'photos',
    ownerId: 'id-alice',
    locationConstraint: null,
    createdAtMs: 0,
    versioning: null,
    hasObjectLock: false,
    quota: { sizeBytes: null, objectCount: null },
    ...differing,
    settings: { ownershipControls: 'BucketOwnerEnforced', ...differing.settings },
  };
}

export interface SaidFacts extends Partial<Omit<RequestFacts, 'headers' | 'query'>> {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}

/** What a request from 10.1.2.3 without TLS says, at noon of 2026-01-02. */
export function someFacts({ headers = {}, query = {}, ...others }: SaidFacts = {}): RequestFacts {
  const reader = (values: Readonly<Record<string, string>>) => ({
    get: (name: string) => values[name] ?? null,
  });
  return {
    sourceIp: '10.1.2.3',
    isSecure: false,
    nowMs: Date.UTC(2026, 0, 2, 12),
    headers: reader(headers),
    query: reader(query),
    ...others,
  };
}

/** Bob gets `photos/cat.jpg`, unless told otherwise. */
export function aPolicyRequest({
  action = 's3:GetObject',
  caller = aCaller('bob'),
  target = { bucket: aBucket(), key: 'cat.jpg', object: null },
  ...facts
}: SaidFacts & {
  readonly action?: string;
  readonly caller?: Caller;
  readonly target?: AccessTarget;
} = {}): PolicyRequest {
  return { action, resource: arnOf(target), caller, facts: someFacts(facts), target };
}
