import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import type { MirrorSource, SourceBody, SourceObject } from '../core/mirror/mirror-source.ts';
import { OriginError } from '../core/origin/origin.ts';
import type { Tags } from '../core/tags.ts';
import { s3ErrorOf, s3HeadOf, unlessMissing } from './s3-origin.ts';

const pageSize = 1000;

export interface S3MirrorOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** Only keys that begin with it. */
  readonly prefix: string;
  readonly withTags: boolean;
}

/** A bucket of another S3, read through the AWS SDK. */
export class S3MirrorSource implements MirrorSource {
  readonly #options: S3MirrorOptions;

  constructor(options: S3MirrorOptions) {
    this.#options = options;
  }

  async list(after: string | null, signal: AbortSignal) {
    const { client, bucket, prefix } = this.#options;
    const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      MaxKeys: pageSize,
      ...(prefix !== '' && { Prefix: prefix }),
      ...(after !== null && { StartAfter: after }),
    });
    try {
      const page = await client.send(command, { abortSignal: signal });
      const objects = (page.Contents ?? []).flatMap(
        ({ Key, Size, ETag, LastModified }): SourceObject[] =>
          Key === undefined
            ? []
            : [
                {
                  key: Key,
                  size: Size ?? 0,
                  etag: (ETag ?? '').replace(/^"(.*)"$/, '$1'),
                  lastModifiedMs: LastModified?.getTime() ?? 0,
                },
              ],
      );
      // A page that leads nowhere would be asked for without end.
      const isLast = page.IsTruncated !== true || objects.length === 0;
      return { objects, isLast };
    } catch (error) {
      throw s3ErrorOf(error);
    }
  }

  async open(key: string, signal: AbortSignal): Promise<SourceBody | null> {
    const { client, bucket, withTags } = this.#options;
    const { GetObjectCommand } = await import('@aws-sdk/client-s3');
    const command = new GetObjectCommand({ Bucket: bucket, Key: key });
    const answer = await unlessMissing(() => client.send(command, { abortSignal: signal }));
    if (!answer?.Body) return null;
    const body = answer.Body as Readable;
    try {
      const tags = withTags ? await this.#tagsOf(key, signal) : null;
      return { head: s3HeadOf(answer), tags, body };
    } catch (error) {
      body.destroy();
      throw error;
    }
  }

  async openRest(key: string, etag: string, start: number, signal: AbortSignal): Promise<Readable> {
    const { client, bucket } = this.#options;
    const { GetObjectCommand } = await import('@aws-sdk/client-s3');
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      Range: `bytes=${start}-`,
      IfMatch: `"${etag}"`,
    });
    const answer = await unlessMissing(() => client.send(command, { abortSignal: signal }));
    const body = answer?.Body as Readable | undefined;
    if (body && answer?.ContentRange?.startsWith(`bytes ${start}-`)) return body;
    body?.destroy();
    throw new OriginError('altered', 'The object is another one by now, or comes without ranges.');
  }

  async has(key: string, signal: AbortSignal): Promise<boolean> {
    const { client, bucket } = this.#options;
    const { HeadObjectCommand } = await import('@aws-sdk/client-s3');
    const command = new HeadObjectCommand({ Bucket: bucket, Key: key });
    return (await unlessMissing(() => client.send(command, { abortSignal: signal }))) !== null;
  }

  async #tagsOf(key: string, signal: AbortSignal): Promise<Tags | null> {
    const { client, bucket } = this.#options;
    const { GetObjectTaggingCommand } = await import('@aws-sdk/client-s3');
    const command = new GetObjectTaggingCommand({ Bucket: bucket, Key: key });
    const answer = await unlessMissing(() => client.send(command, { abortSignal: signal }));
    const tags = (answer?.TagSet ?? []).map(({ Key = '', Value = '' }) => [Key, Value] as const);
    return tags.length === 0 ? null : Object.fromEntries(tags);
  }
}
