import type { Readable } from 'node:stream';
import type { HeadObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import {
  type OriginBody,
  OriginError,
  type OriginHead,
  type OriginSource,
} from '../core/origin/origin.ts';
import { OutboundError } from '../outbound/outbound-error.ts';
import { originErrorOf } from './http-origin.ts';
import { fittingMetadata, md5OfEtag } from './origin-headers.ts';

interface S3OriginOptions {
  readonly client: () => Promise<S3Client>;
  readonly bucket: string;
  /** Comes before the key. */
  readonly prefix: string;
}

/** Objects of a bucket of another S3. */
export class S3OriginSource implements OriginSource {
  readonly #options: S3OriginOptions;

  constructor(options: S3OriginOptions) {
    this.#options = options;
  }

  async head(key: string, signal: AbortSignal): Promise<OriginHead | null> {
    const { HeadObjectCommand } = await import('@aws-sdk/client-s3');
    const command = new HeadObjectCommand(this.#target(key));
    const answer = await unlessMissing(async () =>
      (await this.#options.client()).send(command, { abortSignal: signal }),
    );
    return answer && s3HeadOf(answer);
  }

  async open(key: string, signal: AbortSignal): Promise<OriginBody | null> {
    const { GetObjectCommand } = await import('@aws-sdk/client-s3');
    const command = new GetObjectCommand(this.#target(key));
    const answer = await unlessMissing(async () =>
      (await this.#options.client()).send(command, { abortSignal: signal }),
    );
    if (!answer) return null;
    const head = s3HeadOf(answer);
    const body = answer.Body as Readable | undefined;
    if (!body || head.size === null) {
      body?.destroy();
      throw new OriginError('refused', 'It does not tell the length of the object.');
    }
    return { head, body };
  }

  #target(key: string) {
    const { bucket, prefix } = this.#options;
    return { Bucket: bucket, Key: prefix + key };
  }
}

/** What the SDK says of an object. */
export function s3HeadOf(answer: HeadObjectCommandOutput): OriginHead {
  const etag = (answer.ETag ?? '').replace(/^"(.*)"$/, '$1');
  const encryption: string = answer.ServerSideEncryption ?? '';
  // What S3 encrypts with keys that others hold has an ETag that is no MD5.
  const isS3Etag = !encryption.startsWith('aws:') && answer.SSECustomerAlgorithm === undefined;
  const headers = {
    'content-type': answer.ContentType,
    'cache-control': answer.CacheControl,
    'content-disposition': answer.ContentDisposition,
    'content-encoding': answer.ContentEncoding,
    'content-language': answer.ContentLanguage,
    expires: answer.ExpiresString,
    'x-amz-website-redirect-location': answer.WebsiteRedirectLocation,
  };
  const given = Object.entries(headers).filter((entry): entry is [string, string] => !!entry[1]);
  return {
    size: answer.ContentLength ?? null,
    description: {
      headers: Object.fromEntries(given),
      userMetadata: fittingMetadata(Object.entries(answer.Metadata ?? {})),
    },
    lastModifiedMs: answer.LastModified?.getTime() ?? null,
    etag: etag === '' ? null : etag,
    isS3Etag,
    md5: isS3Etag ? md5OfEtag(etag) : null,
    qetag: null,
  };
}

/** Null where S3 says that there is no such object. Throws `OriginError`. */
export async function unlessMissing<Answer>(ask: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await ask();
  } catch (error) {
    const { name } = error as Error;
    if (name === 'NoSuchKey' || name === 'NotFound') return null;
    throw s3ErrorOf(error);
  }
}

/** As `originErrorOf`, for what the SDK throws. */
export function s3ErrorOf(error: unknown): unknown {
  if (error instanceof OutboundError) return originErrorOf(error);
  const { name, message, $metadata } = error as Error & {
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  if (name === 'AbortError') return error;
  const status = $metadata?.httpStatusCode;
  if (status !== undefined) {
    const text = `It answered with status ${status}, ${name}: ${message}`;
    return new OriginError('refused', text, { cause: error });
  }
  const reason = name === 'TimeoutError' ? 'timeout' : 'unreachable';
  return new OriginError(reason, message, { cause: error });
}
