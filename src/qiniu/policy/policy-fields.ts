import { decodeUrlSafeText } from '../encodings.ts';
import { QiniuError } from '../errors.ts';

/**
 * The fields of a put policy by name. Letter case does not count, since SDKs differ in theirs, but
 * a field that is written as documented goes before others; null is as good as none. Kodo's service
 * and SDKs are lenient about types, and so are these: whoever asks says what it takes.
 */
export class PolicyFields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #byLowerName = new Map<string, unknown>();

  private constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields;
    for (const [name, value] of Object.entries(fields)) {
      const lowerName = name.toLowerCase();
      if (!this.#byLowerName.has(lowerName)) this.#byLowerName.set(lowerName, value);
    }
  }

  /** Throws 400 for what is no JSON object. */
  static decode(encodedPolicy: string): PolicyFields {
    const text = decodeUrlSafeText(encodedPolicy);
    const value: unknown = text === null ? null : parsedJson(text);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      throw new QiniuError(400, 'invalid put policy');
    }
    return new PolicyFields(value as Record<string, unknown>);
  }

  /** '' where it is not given. */
  text(name: string): string {
    const value = this.#find(name) ?? '';
    if (typeof value !== 'string') throw invalidField(name);
    return value;
  }

  /** Null where it is not given, or 0, which SDKs send for what was left out. */
  wholeNumber(name: string, { min, max }: { readonly min: number; readonly max: number }) {
    const value = this.#find(name) ?? 0;
    if (value === 0) return null;
    if (!Number.isSafeInteger(value)) throw invalidField(name);
    const number = value as number;
    if (number < min || number > max) throw invalidField(name);
    return number;
  }

  /** True for any number but 0. */
  flag(name: string): boolean {
    const value = this.#find(name) ?? false;
    if (typeof value === 'boolean') return value;
    if (!Number.isSafeInteger(value)) throw invalidField(name);
    return value !== 0;
  }

  /** Null where it is not given. */
  texts(name: string, countMax: number): readonly string[] | null {
    const value = this.#find(name);
    if (value === undefined) return null;
    const isList = Array.isArray(value) && value.length <= countMax;
    if (!isList || !value.every((item) => typeof item === 'string')) throw invalidField(name);
    return value as string[];
  }

  /** Whether it asks for anything at all. */
  has(name: string): boolean {
    const value = this.#find(name);
    return value !== undefined && value !== '' && value !== 0 && value !== false;
  }

  #find(name: string): unknown {
    const exact = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
    return exact ?? this.#byLowerName.get(name.toLowerCase()) ?? undefined;
  }
}

export function invalidField(name: string): QiniuError {
  return new QiniuError(400, `invalid put policy: ${name}`);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
