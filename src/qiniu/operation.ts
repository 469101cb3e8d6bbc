import type { Readable } from 'node:stream';
import type { Access } from '../core/access/access.ts';
import type { Caller } from '../core/services.ts';
import type { DoorContext } from '../http/door.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ReceivedHeaders } from '../http/request-headers.ts';
import type { ConfiguredHosts } from '../support/qiniu-hosts.ts';
import type { QiniuTarget } from './target.ts';
import type { UploadSettings } from './upload/upload-settings.ts';

/** A request whose route is known; that of a management call has been verified, too. */
export interface QiniuRequest {
  /** `X-Reqid` of the answer. */
  readonly id: string;
  readonly method: string;
  readonly target: QiniuTarget;
  /** What the path says in the place of a name of the route (`:entry`), percent-decoded. */
  argument(name: string): string;
  /** Percent-decoded segments behind the route's own. */
  readonly rest: readonly string[];
  readonly headers: ReceivedHeaders;
  /** Of the access key's user; nobody's, unless the route is a management call. */
  readonly access: Access;
  /** All of a management call's body; empty for others. */
  readonly body: Buffer;
  /** The rest of what a handler may need that identifies its clients by itself. */
  readonly exchange: Exchange;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
  /** What this request may do once it is known whose it is; the log names the caller then. */
  accessOf(caller: Caller): Access;
  /** What the log is to name. */
  concerns(bucketName: string, key: string | null): void;
}

export interface QiniuResponse {
  /** 200 where not said: clients take no other for success. */
  readonly status?: number;
  /** By lower-case name; undefined values are left out. */
  readonly headers?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is; a stream without a content-length header is chunked. */
  readonly body?: Buffer | string | Readable;
}

interface RegionSettings {
  /** What buckets without a region of their own are in: `z0`. */
  readonly name: string;
  readonly ttlSeconds: number;
  readonly hosts: ConfiguredHosts;
}

export interface FetchLimits {
  readonly sizeBytesMax: number;
  /** From the request to the last byte. */
  readonly timeoutMs: number;
}

/** What handlers work with. */
export interface QiniuServices extends Pick<DoorContext, 'core' | 'findCredentials' | 'bodyPace'> {
  /** `host` or `host:port` under which clients reach this door, from the settings; may be none. */
  readonly publicHosts: readonly string[];
  /** Where the days of `deleteAfterDays` end and begin: `Asia/Shanghai`. */
  readonly timeZone: string;
  /** What clients are told of where the services are. */
  readonly regions: RegionSettings;
  /** Whether everybody may read what is in buckets that this door makes. */
  readonly areNewBucketsPublic: boolean;
  /** Of `/fetch`. */
  readonly fetchLimits: FetchLimits;
  /** How far `X-Qiniu-Date` may be from the gateway's clock, in ms; null for as far as it likes. */
  readonly dateSkewMsMax: number | null;
  readonly uploads: UploadSettings;
}

/**
 * One row of the route table. `management` calls are signed (QBox, Qiniu): they are verified before
 * the handler sees them, and come by GET as well as POST. Handlers of `own` routes identify their
 * clients by themselves, or serve everybody.
 */
export interface QiniuRoute {
  /** For the log and the metrics: `stat`. */
  readonly name: string;
  readonly methods: readonly ('GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE')[];
  /** `/copy/:source/:destination/*`; see `RouteMatcher`. */
  readonly path: string;
  readonly authentication: 'management' | 'own';
  /** Whether its body says what is to be done, and must be signed. */
  readonly hasCommands?: boolean;
  handle(request: QiniuRequest, services: QiniuServices): Promise<QiniuResponse>;
}

/** Serves what has the shape of no row. */
export interface Downloads {
  /** Whether that host (of the Host header) serves objects only: no row is looked at then. */
  isBucketHost(host: string): Promise<boolean>;
  /** Of a GET, HEAD or OPTIONS. */
  handle(request: QiniuRequest, services: QiniuServices): Promise<QiniuResponse>;
}
