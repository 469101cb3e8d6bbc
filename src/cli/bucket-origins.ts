import { getBucket } from '../core/access/access.ts';
import { GatewayError } from '../core/errors.ts';
import { type BucketOrigin, bucketOrigin } from '../core/origin/bucket-origin.ts';
import { renderDuration, renderSize } from '../support/units.ts';
import { type OriginOptions, originOf } from './bucket-origin-options.ts';
import type { CommandContext, CommandOutput } from './command.ts';

/** Says where a bucket gets what it does not have. */
export async function setBucketOrigin(
  { services: { core, origins } }: CommandContext,
  name: string,
  url: string,
  options: OriginOptions,
): Promise<CommandOutput> {
  const bucket = await getBucket(core, name);
  const origin = originOf(url, options, (secret) => origins.seal(bucket.id, secret));
  await bucketOrigin.put(core, bucket, origin);
  return { json: shown(name, origin), text: render(name, origin) };
}

export async function showBucketOrigin(
  { services: { core } }: CommandContext,
  name: string,
): Promise<CommandOutput> {
  const origin = bucketOrigin.of(await getBucket(core, name));
  if (!origin) return { json: { bucket: name, origin: null }, text: `Bucket ${name}: no origin` };
  return { json: shown(name, origin), text: render(name, origin) };
}

/** What was fetched from it stays. Throws `NoSuchConfiguration` where there is none. */
export async function removeBucketOrigin(
  { services: { core } }: CommandContext,
  name: string,
): Promise<CommandOutput> {
  const bucket = await getBucket(core, name);
  if (!bucketOrigin.of(bucket)) {
    throw new GatewayError('NoSuchConfiguration', { message: `Bucket ${name} has no origin.` });
  }
  await bucketOrigin.put(core, bucket, null);
  return {
    json: { bucket: name, removed: 'origin' },
    text: `Removed the origin of bucket ${name}; what was fetched from it stays.`,
  };
}

/** Without the secret, sealed as it is. */
function shown(bucket: string, { credentials, ...rest }: BucketOrigin) {
  return { bucket, origin: { ...rest, accessKeyId: credentials?.accessKeyId ?? null } };
}

function render(name: string, origin: BucketOrigin): string {
  const where =
    origin.kind === 's3'
      ? `bucket ${origin.bucket}${origin.prefix && `, prefix ${origin.prefix}`} at ${origin.endpoint}`
      : origin.url;
  const lines = [
    ['type', origin.kind],
    ['where', where],
    ...(origin.kind === 's3' ? [['region', origin.region]] : []),
    ['access key', origin.credentials?.accessKeyId ?? 'none'],
    ['miss TTL', renderDuration(origin.missTtlMs)],
    ['max size', renderSize(origin.sizeBytesMax)],
  ];
  return [
    `Origin of bucket ${name}`,
    ...lines.map(([title = '', text]) => `  ${title.padEnd(12)}${text}`),
  ].join('\n');
}
