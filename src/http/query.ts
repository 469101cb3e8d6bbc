import { GatewayError } from '../core/errors.ts';

/** Query parameters, percent-decoded, `+` as a space; the first of repeated names counts. */
export interface QueryParameters {
  get(name: string): string | null;
  has(name: string): boolean;
  names(): readonly string[];
}

export interface QueryParameter {
  /** As received, still encoded. */
  readonly rawName: string;
  readonly rawValue: string;
  /** Decoded, `+` as a space. */
  readonly name: string;
  readonly value: string;
}

/** Decodes `%XX` as strict UTF-8. Throws `InvalidURI` when the encoding or the UTF-8 is wrong. */
export function decodePercent(encoded: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(encoded);
  } catch (error) {
    throw new GatewayError('InvalidURI', {}, { cause: error });
  }
  // PostgreSQL's text cannot hold it, and no XML document can name such a key.
  if (decoded.includes('\0')) {
    throw new GatewayError('InvalidURI', {
      message: 'Names must not contain the character U+0000.',
    });
  }
  return decoded;
}

function decodeQueryPart(raw: string): string {
  return decodePercent(raw.includes('+') ? raw.replaceAll('+', ' ') : raw);
}

/** The query of one request. The first of repeated names counts. */
export class Query implements QueryParameters {
  readonly #parameters: readonly QueryParameter[];

  private constructor(parameters: readonly QueryParameter[]) {
    this.#parameters = parameters;
  }

  /** From the text after `?`. Throws `InvalidURI` for encodings that are not strict UTF-8. */
  static parse(raw: string): Query {
    if (raw === '') return new Query([]);
    const parameters: QueryParameter[] = [];
    for (const pair of raw.split('&')) {
      if (pair === '') continue;
      const equals = pair.indexOf('=');
      const rawName = equals === -1 ? pair : pair.slice(0, equals);
      const rawValue = equals === -1 ? '' : pair.slice(equals + 1);
      const name = decodeQueryPart(rawName);
      parameters.push({ rawName, rawValue, name, value: decodeQueryPart(rawValue) });
    }
    return new Query(parameters);
  }

  get(name: string): string | null {
    return this.#parameters.find((parameter) => parameter.name === name)?.value ?? null;
  }

  has(name: string): boolean {
    return this.#parameters.some((parameter) => parameter.name === name);
  }

  names(): readonly string[] {
    return this.#parameters.map((parameter) => parameter.name);
  }

  /** All, in the order received. */
  all(): readonly QueryParameter[] {
    return this.#parameters;
  }
}
