import { createHash, timingSafeEqual } from 'node:crypto';
import type { FindCredentials } from '../core/access-keys.ts';
import type { Caller } from '../core/services.ts';
import type { RequestHeaders } from '../http/request-headers.ts';
import { FilesError } from './errors.ts';

/** An access key as upload services of the FastDFS world call it. */
export interface AppCredentials {
  readonly appId: string;
  readonly appKey: string;
}

/**
 * `X-App-Id` and `X-App-Key`, `app_id` and `app_key`, or HTTP's Basic form; null when the request
 * has none of them. Throws 401 for a half of them, or a Basic form that is not well-formed.
 */
export function appCredentialsOf(headers: RequestHeaders): AppCredentials | null {
  const appId = headers.get('x-app-id') ?? headers.get('app_id');
  const appKey = headers.get('x-app-key') ?? headers.get('app_key');
  if (appId !== null || appKey !== null) {
    if (appId === null || appKey === null) throw unauthorized();
    return { appId, appKey };
  }
  const authorization = headers.get('authorization');
  const encoded = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) {
    if (/^basic\b/i.test(authorization ?? '')) throw unauthorized();
    return null;
  }
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon === -1) throw unauthorized();
  return { appId: text.slice(0, colon), appKey: text.slice(colon + 1) };
}

/** The user whose key that is. Throws 401, the same for an unknown key and a wrong secret. */
export async function authenticateApp(
  { appId, appKey }: AppCredentials,
  findCredentials: FindCredentials,
): Promise<Caller> {
  const found = await findCredentials(appId);
  // Compared also where there is nothing to compare with, so that the time tells nothing.
  const isSame = timingSafeEqual(sha256(appKey), sha256(found?.secretAccessKey ?? ''));
  if (found === null || !isSame) throw unauthorized();
  return found.caller;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function unauthorized(): FilesError {
  return new FilesError(401, 'app_id or app_key is wrong.', {
    headers: { 'www-authenticate': 'Basic realm="fastdfs-s3", charset="UTF-8"' },
  });
}
