import { decodeUtf8 } from './encodings.ts';
import { QiniuError } from './errors.ts';

/** A request target, split without losing what signatures and routes need of it. */
export interface QiniuTarget {
  /** Path and query as received. */
  readonly raw: string;
  /** Path as received, with its leading slash. */
  readonly path: string;
  /** Text behind `?`; null without one. */
  readonly rawQuery: string | null;
  /** Path segments as received: those of `/a//b` are `a`, an empty one and `b`. */
  readonly rawSegments: readonly string[];
  readonly query: QiniuQuery;
}

/** Query parameters, decoded; the first of repeated names counts. */
export interface QiniuQuery {
  /** Null without the parameter. Throws 400 when its text is no percent-encoded UTF-8. */
  get(name: string): string | null;
  has(name: string): boolean;
}

/**
 * Splits a target as received, absolute ones too. Throws 400 for what is none. Nothing is decoded
 * here: base64 arguments may hold an encoded `/`, and downloads keys that look like operations.
 */
export function parseTarget(target: string): QiniuTarget {
  const raw = /^https?:\/\//i.test(target) ? originFormOf(target) : target;
  if (!raw.startsWith('/') || raw.includes('#')) throw new QiniuError(400, 'invalid path');
  const question = raw.indexOf('?');
  const path = question === -1 ? raw : raw.slice(0, question);
  const rawQuery = question === -1 ? null : raw.slice(question + 1);
  return {
    raw,
    path,
    rawQuery,
    rawSegments: path.slice(1).split('/'),
    query: new RawQuery(rawQuery ?? ''),
  };
}

/** `http://host/path` as a proxy gets it. */
function originFormOf(target: string): string {
  const slash = target.indexOf('/', target.indexOf('//') + 2);
  return slash === -1 ? '/' : target.slice(slash);
}

/** Decodes one path segment. Throws 400 for what is no percent-encoded UTF-8. */
export function decodeSegment(segment: string): string {
  if (plainSegment.test(segment)) return segment;
  // Octets beyond ASCII come as one character each; they are UTF-8 where a client did not encode.
  const text = decodeUtf8(Buffer.from(segment, 'latin1'));
  try {
    const decoded = decodeURIComponent(text ?? '%');
    if (!decoded.includes('\0')) return decoded;
  } catch {
    // Told below.
  }
  throw new QiniuError(400, 'key must be utf8 encoding');
}

const plainSegment = /^[\x20-\x24\x26-\x7e]*$/;

class RawQuery implements QiniuQuery {
  /** Raw values by raw name. */
  readonly #values = new Map<string, string>();

  constructor(raw: string) {
    for (const pair of raw === '' ? [] : raw.split('&')) {
      const equals = pair.indexOf('=');
      const name = equals === -1 ? pair : pair.slice(0, equals);
      if (!this.#values.has(name))
        this.#values.set(name, equals === -1 ? '' : pair.slice(equals + 1));
    }
  }

  get(name: string): string | null {
    const raw = this.#values.get(name);
    return raw === undefined ? null : decodeSegment(raw.replaceAll('+', ' '));
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }
}
