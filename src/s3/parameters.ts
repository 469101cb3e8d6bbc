import { GatewayError } from '../core/errors.ts';
import type { QueryParameters } from '../http/query.ts';
import type { S3Request } from './operation.ts';

const integerMax = 2_147_483_647;

/** The key of an operation on objects. */
export function keyOf(request: S3Request): string {
  if (request.key === null) throw new Error(`${request.method} ${request.path} has no key.`);
  return request.key;
}

/**
 * A whole number from `min` to `max`, `fallback` without the parameter. Throws `InvalidArgument`.
 */
export function integerParameter(
  query: Pick<QueryParameters, 'get'>,
  name: string,
  options: { readonly fallback: number; readonly min?: number; readonly max?: number },
): number {
  const text = query.get(name);
  if (text === null || text === '') return options.fallback;
  const { min = 0, max = integerMax } = options;
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new GatewayError('InvalidArgument', {
    message: Number.isNaN(value)
      ? `Provided ${name} not an integer or within integer range`
      : `Argument ${name} must be an integer between ${min} and ${max}`,
    ArgumentName: name,
    ArgumentValue: text,
  });
}

/** How keys look in a listing. */
export interface KeyEncoding {
  /** `EncodingType` of the answer. */
  readonly type: string | undefined;
  readonly encode: (text: string) => string;
}

/** Throws `InvalidArgument` for an encoding-type other than `url`. */
export function keyEncoding(query: QueryParameters): KeyEncoding {
  const type = query.get('encoding-type');
  if (type === null || type === '') return { type: undefined, encode: (text) => text };
  if (type !== 'url') {
    throw new GatewayError('InvalidArgument', {
      message: 'Invalid Encoding Method specified in Request',
      ArgumentName: 'encoding-type',
      ArgumentValue: type,
    });
  }
  return { type, encode: encodeKey };
}

/** Percent-encodes all but unreserved characters and `/`, as AWS does in listings. */
export function encodeKey(key: string): string {
  const encoded = encodeURIComponent(key).replaceAll('%2F', '/');
  return encoded.replace(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

/** A time in documents; to the second, as in the Last-Modified header. */
export function isoTime(timeMs: number): string {
  return new Date(Math.floor(timeMs / 1000) * 1000).toISOString();
}
