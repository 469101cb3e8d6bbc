import { createHmac } from 'node:crypto';

export interface PolicyKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A policy in base64 that is good for an hour. */
export function encodePolicy(
  conditions: unknown,
  expiresAtMs: number = Date.now() + 3_600_000,
): string {
  const expiration = new Date(expiresAtMs).toISOString();
  return Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64');
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

/**
 * Fields of a form with policy and signature of version 4: each of `fields` becomes an exact
 * condition, besides those given.
 */
export function signedFields(
  key: PolicyKey,
  bucket: string,
  fields: Readonly<Record<string, string>>,
  more: readonly unknown[] = [],
  expiresAtMs?: number,
): Record<string, string> {
  const timestamp = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${timestamp.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const all = {
    ...fields,
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${key.accessKeyId}/${scope}`,
    'x-amz-date': timestamp,
  };
  const named = new Set(more.map((condition) => (Array.isArray(condition) ? condition[1] : '')));
  const exact = Object.entries(all)
    .filter(([name]) => !named.has(`$${name}`))
    .map(([name, value]) => ({ [name]: value }));
  const policy = encodePolicy([{ bucket }, ...exact, ...more], expiresAtMs);
  const [date = '', region = '', service = '', end = ''] = scope.split('/');
  const signingKey = [region, service, end].reduce<Buffer>(
    (previous, part) => hmac(previous, part),
    hmac(`AWS4${key.secretAccessKey}`, date),
  );
  return { ...all, policy, 'x-amz-signature': hmac(signingKey, policy).toString('hex') };
}

/** The same with a signature of version 2. */
export function signedFieldsV2(
  key: PolicyKey,
  fields: Readonly<Record<string, string>>,
  policy: string,
): Record<string, string> {
  const signature = createHmac('sha1', key.secretAccessKey).update(policy).digest('base64');
  return { ...fields, AWSAccessKeyId: key.accessKeyId, policy, signature };
}
