import type { CallbackPolicy } from '../policy/put-policy.ts';
import { signUrlSafe } from '../policy/upload-token.ts';
import type { UploadGrant } from './grant.ts';

/**
 * As applications verify it: QBox covers path and query, and the body of forms; Qiniu also method,
 * host and type, and every body.
 */
export function signCallback(
  scheme: 'QBox' | 'Qiniu',
  { accessKeyId, secretKey }: UploadGrant['keys'],
  { bodyType, isJson: hasJson }: Pick<CallbackPolicy, 'bodyType' | 'isJson'>,
  { url, host, body }: { readonly url: string; readonly host: string; readonly body: string },
): string {
  const { pathname, search } = URL.canParse(url) ? new URL(url) : { pathname: url, search: '' };
  const path = pathname + search;
  const text =
    scheme === 'QBox'
      ? `${path}\n${hasJson ? '' : body}`
      : `POST ${path}\nHost: ${host}\nContent-Type: ${bodyType}\n\n${body}`;
  return `${scheme} ${accessKeyId}:${signUrlSafe(secretKey, text)}`;
}
