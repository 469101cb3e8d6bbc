import type { Config } from '../config.ts';
import { localUrl } from '../support/listen.ts';
import { parseDuration } from '../support/units.ts';
import type { CommandContext, CommandOutput } from './command.ts';
import { UsageError } from './failures.ts';
import { PRESIGN_EXPIRES_SECONDS_MAX, type PresignMethod, presignUrl } from './presigned-url.ts';

export interface PresignOptions {
  readonly expires: string;
  readonly endpoint?: string;
  readonly accessKey?: string;
  readonly versionId?: string;
  readonly header?: readonly string[];
}

/** `presign get|head|put|delete`: neither bucket nor object has to exist. */
export function presign(method: PresignMethod) {
  return async (
    { config, services }: CommandContext,
    bucketName: string,
    key: string,
    options: PresignOptions,
  ): Promise<CommandOutput> => {
    const nowMs = Date.now();
    const expiresSeconds = parseExpiry(options.expires);
    const headers = parseHeaders(options.header ?? []);
    const pair = await findKeyPair(services, options.accessKey);
    const endpoint = options.endpoint ? parseEndpoint(options.endpoint) : endpointOf(config);
    const url = presignUrl({
      method,
      endpoint,
      bucketName,
      key,
      versionId: options.versionId ?? null,
      headers,
      expiresSeconds,
      region: config.s3.region,
      nowMs,
      ...pair,
    });
    const expiresAt = new Date(nowMs + expiresSeconds * 1000).toISOString();
    return { json: { method, url, expiresAt }, text: url };
  };
}

/** `name: value`, each name once; names of links themselves cannot be given. */
function parseHeaders(given: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const text of given) {
    const [, name = '', value = ''] = /^([\w-]+):[ \t]*([ -~]*)$/.exec(text) ?? [];
    const lowerName = name.toLowerCase();
    const isOfLink =
      /^(host|authorization|x-amz-(algorithm|credential|date|expires|signature|signedheaders|security-token))$/;
    if (name === '' || headers.has(lowerName) || isOfLink.test(lowerName)) {
      throw new UsageError(
        `--header ${text} must be name: value in ASCII, such as "content-type: text/plain", each name once.`,
      );
    }
    headers.set(lowerName, value);
  }
  return headers;
}

function parseExpiry(text: string): number {
  const seconds = (parseDuration(text) ?? 0) / 1000;
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= PRESIGN_EXPIRES_SECONDS_MAX) {
    return seconds;
  }
  throw new UsageError(`--expires ${text} must be whole seconds from 1s to 7d, such as 15m.`);
}

function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search) return url;
  throw new UsageError(
    `--endpoint ${text} must be http://host:port or https://host, without a path.`,
  );
}

function endpointOf({ s3 }: Config): URL {
  if (!s3.listen || s3.listen.port === 0) {
    throw new UsageError('GATEWAY_S3_LISTEN names no port; give the address with --endpoint.');
  }
  return new URL(localUrl(s3.listen));
}

/** The named key, or the root user's oldest one. */
async function findKeyPair(
  { accessKeys }: CommandContext['services'],
  wanted: string | undefined,
): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  const root = (await accessKeys.listUsers()).find((user) => user.isRoot);
  const ids =
    wanted !== undefined
      ? [wanted]
      : (await accessKeys.listKeys(root?.name ?? null)).map((key) => key.accessKeyId);
  for (const accessKeyId of ids) {
    const credentials = await accessKeys.findCredentials(accessKeyId);
    if (credentials) return { accessKeyId, secretAccessKey: credentials.secretAccessKey };
  }
  throw new Error(
    wanted !== undefined
      ? `There is no access key ${wanted}.`
      : 'There is no root key yet; start the gateway once, or add one with: fastdfs-s3 key add root',
  );
}
