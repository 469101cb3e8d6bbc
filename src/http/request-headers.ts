import { GatewayError } from '../core/errors.ts';

/** Request headers by lower-case name; repeated ones joined with `,`; values as latin1 octets. */
export interface RequestHeaders {
  get(name: string): string | null;
  entries(): Iterable<readonly [string, string]>;
}

/**
 * Headers that say one thing only. Two of them could make the gateway and a proxy, or the signature
 * and the operation, believe different things.
 */
const singleHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'expect',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'range',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-copy-source-range',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-trailer',
]);

/** Headers as received, none dropped. Values are octets, one character each (latin1). */
export class ReceivedHeaders implements RequestHeaders {
  readonly #values: ReadonlyMap<string, string>;

  private constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  /**
   * From Node's `rawHeaders`, because its `headers` silently drops repetitions. Repeated names are
   * joined with `,`, as signatures have it; throws `InvalidRequest` for those that must be single.
   */
  static parse(rawHeaders: readonly string[]): ReceivedHeaders {
    const values = new Map<string, string>();
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = (rawHeaders[index] ?? '').toLowerCase();
      const value = rawHeaders[index + 1] ?? '';
      const earlier = values.get(name);
      if (earlier !== undefined && singleHeaders.has(name)) {
        throw new GatewayError('InvalidRequest', {
          message: `The header ${name} must be given only once.`,
        });
      }
      values.set(name, earlier === undefined ? value : `${earlier},${value}`);
    }
    return new ReceivedHeaders(values);
  }

  /** These headers and `added` ones, which stand back where the name was received. */
  with(added: Iterable<readonly [string, string]>): ReceivedHeaders {
    return new ReceivedHeaders(new Map([...added, ...this.#values]));
  }

  get(name: string): string | null {
    return this.#values.get(name) ?? null;
  }

  entries(): Iterable<readonly [string, string]> {
    return this.#values;
  }
}
