import type { ReceivedHeaders } from '../http/request-headers.ts';
import type { QiniuResponse } from './operation.ts';

/** What every answer of the API says to pages of other origins. */
export const apiCorsHeaders: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'X-Log, X-Reqid',
};

const allowedHeaders = [
  ...['authorization', 'content-type', 'content-md5', 'x-file-name', 'x-file-type', 'x-file-size'],
  ...['x-requested-with', 'x-qiniu-date'],
];
const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]{1,100}$/;
const requestedHeadersMax = 50;

/** Browsers ask before each upload; pages of any origin may upload who hold a token. */
export function apiPreflight(headers: ReceivedHeaders): QiniuResponse {
  const requested = (headers.get('access-control-request-headers') ?? '')
    .toLowerCase()
    .split(',', requestedHeadersMax)
    .map((name) => name.trim())
    .filter((name) => headerName.test(name));
  return {
    status: 204,
    headers: {
      'access-control-allow-methods': 'OPTIONS, HEAD, POST, PUT, GET, DELETE',
      'access-control-allow-headers': [...new Set([...allowedHeaders, ...requested])].join(', '),
      'access-control-max-age': 2_592_000,
    },
  };
}
