import type { KodoService } from '../../support/qiniu-hosts.ts';

/** Where clients reach each service: `host` or `host:port`, in the order of trying, one at least. */
export type ServiceHosts = Readonly<Record<KodoService, readonly string[]>>;

export interface RegionFacts {
  readonly hosts: ServiceHosts;
  /** As buckets and tools name it: `z0`. */
  readonly regionName: string;
  /** What signatures of S3 name. */
  readonly s3RegionName: string;
  /** How long clients may remember the answer, some of them on their disk. */
  readonly ttlSeconds: number;
}

/** The services that version 2 and 3 tell of. */
const olderServices = ['io', 'up', 'rs', 'rsf', 'api', 'uc'] as const;

/**
 * `/v4/query`: the SDKs for Node, Go and Python. Node's takes every service for granted, so that
 * none may be left out.
 */
export function regionAnswerV4({ hosts, regionName, s3RegionName, ttlSeconds }: RegionFacts) {
  const domains = (service: KodoService) => ({ domains: hosts[service] });
  return {
    hosts: [
      {
        region: regionName,
        ttl: ttlSeconds,
        up: { ...domains('up'), old: [] },
        io: domains('io'),
        io_src: domains('io'),
        rs: domains('rs'),
        rsf: domains('rsf'),
        api: domains('api'),
        uc: domains('uc'),
        s3: { ...domains('s3'), region_alias: s3RegionName },
      },
    ],
  };
}

/** `/v3/query`: the SDK for Java. */
export function regionAnswerV3({ hosts, regionName, ttlSeconds }: RegionFacts) {
  return { hosts: [{ region: regionName, ttl: ttlSeconds, ...olderAnswer(hosts) }] };
}

/** `/v2/query`: browsers, and Go's older SDKs. One region by itself, without a list around it. */
export function regionAnswerV2({ hosts, regionName, ttlSeconds }: RegionFacts) {
  return { region: regionName, ttl: ttlSeconds, ...olderAnswer(hosts) };
}

/** Clients differ in which of the four they read, so all say the same. */
function olderAnswer(hosts: ServiceHosts) {
  return Object.fromEntries(
    olderServices.map((service) => {
      const addresses = { main: hosts[service], backup: [] };
      const all = { src: addresses, acc: addresses, old_src: addresses, old_acc: addresses };
      return [service, all];
    }),
  );
}
