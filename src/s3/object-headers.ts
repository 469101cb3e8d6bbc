import { GatewayError } from '../core/errors.ts';
import { httpDate, quoteEtag } from '../http/header-values.ts';
import type { QueryParameters } from '../http/query.ts';
import type { RequestHeaders } from '../http/request-headers.ts';
import type { ObjectDescription, ObjectRecord } from '../object-index/records.ts';

const systemHeaders = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
] as const;

const userMetadataPrefix = 'x-amz-meta-';
const defaultContentType = 'binary/octet-stream';

/** Headers that `response-*` parameters of a GET replace. */
const overridableHeaders = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
] as const;

/** What the headers of a write say of the object. */
export function describeObject(headers: RequestHeaders): ObjectDescription {
  const system: [string, string][] = [];
  for (const name of systemHeaders) {
    const value = name === 'content-encoding' ? contentEncoding(headers) : headers.get(name);
    if (value) system.push([name, value]);
  }
  const user: [string, string][] = [];
  for (const [name, value] of headers.entries()) {
    if (name.startsWith(userMetadataPrefix)) {
      user.push([name.slice(userMetadataPrefix.length), value]);
    }
  }
  // Not by assignment: a name such as `__proto__` is data like any other.
  return { headers: Object.fromEntries(system), userMetadata: Object.fromEntries(user) };
}

/** `aws-chunked` is how the body travelled, not what the object is; the rest stays as it is. */
function contentEncoding(headers: RequestHeaders): string {
  const value = headers.get('content-encoding') ?? '';
  if (!/aws-chunked/i.test(value)) return value;
  const codings = value.split(',').map((coding) => coding.trim());
  return codings.filter((coding) => !/^(aws-chunked)?$/i.test(coding)).join(',');
}

/** Headers of an answer that carries the object or a part of it. */
export function objectHeaders(object: ObjectRecord): Record<string, string> {
  const user = Object.entries(object.userMetadata).map(
    ([name, value]) => [`${userMetadataPrefix}${name}`, value] as const,
  );
  return {
    'content-type': defaultContentType,
    ...object.headers,
    ...Object.fromEntries(user),
    'accept-ranges': 'bytes',
    etag: quoteEtag(object.etag),
    'last-modified': httpDate(object.lastModifiedMs),
  };
}

/** Headers of a 304 (RFC 9110, section 15.4.5). */
export function notModifiedHeaders(object: ObjectRecord): Record<string, string | undefined> {
  return {
    'cache-control': object.headers['cache-control'],
    expires: object.headers.expires,
    etag: quoteEtag(object.etag),
    'last-modified': httpDate(object.lastModifiedMs),
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they would end the header
const controlCharacters = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Headers that `response-*` parameters ask for. Throws `InvalidArgument` for control characters. */
export function overriddenHeaders(query: QueryParameters): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of overridableHeaders) {
    const parameter = `response-${name}`;
    const value = query.get(parameter);
    if (value === null) continue;
    if (controlCharacters.test(value)) {
      throw new GatewayError('InvalidArgument', {
        message: 'Header value cannot be represented.',
        ArgumentName: parameter,
        ArgumentValue: value,
      });
    }
    // Header values are octets: the UTF-8 bytes of the parameter, one character each.
    headers[name] = Buffer.from(value, 'utf8').toString('latin1');
  }
  return headers;
}
