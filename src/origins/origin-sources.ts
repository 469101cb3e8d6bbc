import type { S3Client } from '@aws-sdk/client-s3';
import {
  type BucketOrigin,
  originSecretOwner,
  type S3Origin,
} from '../core/origin/bucket-origin.ts';
import { OriginError, type OriginSource, type Origins } from '../core/origin/origin.ts';
import type { SecretBox } from '../core/secrets.ts';
import type { Bucket } from '../object-index/records.ts';
import type { OutboundHttp } from '../outbound/outbound-http.ts';
import { HttpOriginSource } from './http-origin.ts';
import { createS3Client } from './s3-client.ts';
import { S3OriginSource } from './s3-origin.ts';

/** Clients that are kept; another origin more drops the oldest. */
const clientsMax = 100;

interface OriginSourcesOptions {
  readonly outbound: OutboundHttp;
  readonly secrets: SecretBox;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Reaches the origins of buckets as their settings say. */
export class OriginSources implements Origins {
  readonly #options: OriginSourcesOptions;
  readonly #clients = new Map<string, Promise<S3Client>>();

  constructor(options: OriginSourcesOptions) {
    this.#options = options;
  }

  /** A secret as the setting of that bucket keeps it. */
  seal(bucketId: number, secret: string): string {
    return this.#options.secrets.seal(secret, originSecretOwner(bucketId)).toString('base64');
  }

  sourceOf(bucket: Pick<Bucket, 'id'>, origin: BucketOrigin): OriginSource {
    if (origin.kind === 's3') {
      const client = () => this.clientOf(bucket, origin);
      return new S3OriginSource({ client, bucket: origin.bucket, prefix: origin.prefix });
    }
    const { outbound, now } = this.#options;
    const keyPair = this.#openKeyPair(bucket, origin);
    return new HttpOriginSource({ outbound, kind: origin.kind, url: origin.url, keyPair, now });
  }

  /** Of another S3. It is not to be destroyed. */
  clientOf(bucket: Pick<Bucket, 'id'>, origin: S3Origin): Promise<S3Client> {
    const { endpoint, region, isVirtualHosted, credentials } = origin;
    const name = JSON.stringify([bucket.id, endpoint, region, isVirtualHosted, credentials]);
    const known = this.#clients.get(name);
    if (known) return known;
    const keyPair = this.#openKeyPair(bucket, origin);
    const client = createS3Client(this.#options.outbound, {
      ...{ endpoint, region, isVirtualHosted },
      keyPair,
    });
    const [oldest] = this.#clients.keys();
    if (this.#clients.size >= clientsMax && oldest !== undefined) this.#clients.delete(oldest);
    this.#clients.set(name, client);
    return client;
  }

  #openKeyPair(bucket: Pick<Bucket, 'id'>, { credentials }: BucketOrigin) {
    if (!credentials) return null;
    const { accessKeyId, secretSealed } = credentials;
    const sealed = Buffer.from(secretSealed, 'base64');
    try {
      const owner = originSecretOwner(bucket.id);
      return { accessKeyId, secretAccessKey: this.#options.secrets.open(sealed, owner) };
    } catch (cause) {
      throw new OriginError('refused', 'Its secret does not open.', { cause });
    }
  }
}
