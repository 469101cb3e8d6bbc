import type { ObjectIndex } from '../object-index/object-index.ts';
import type { Bucket } from '../object-index/records.ts';
import { GatewayError } from './errors.ts';

/** Parsed texts that are kept for each kind of setting. */
const parsedMax = 1000;

/**
 * One kind of what can be set on a bucket, kept as text in the index. Texts are parsed once,
 * because nearly every request needs some of them.
 */
export class BucketSetting<Value> {
  readonly name: string;
  readonly #parse: (text: string) => Value;
  readonly #render: (value: Value) => string;
  readonly #parsed = new Map<string, Value>();

  constructor(
    name: string,
    {
      parse = JSON.parse,
      render = JSON.stringify,
    }: {
      readonly parse?: (text: string) => Value;
      readonly render?: (value: Value) => string;
    } = {},
  ) {
    this.name = name;
    this.#parse = parse;
    this.#render = render;
  }

  /** Null where it was never set. */
  of({ settings }: Pick<Bucket, 'settings'>): Value | null {
    const text = settings[this.name];
    if (text === undefined) return null;
    const known = this.#parsed.get(text);
    if (known !== undefined) return known;
    const value = this.#parse(text);
    if (this.#parsed.size >= parsedMax) this.#parsed.clear();
    this.#parsed.set(text, value);
    return value;
  }

  /** As one of the settings of a bucket that is to be made. */
  asSetting(value: Value): Readonly<Record<string, string>> {
    return { [this.name]: this.#render(value) };
  }

  /** Null removes it. Throws `NoSuchBucket`. */
  async put(
    { index }: { readonly index: ObjectIndex },
    bucket: Bucket,
    value: Value | null,
  ): Promise<void> {
    const text = value === null ? null : this.#render(value);
    if ((await index.setBucketSetting(bucket.id, this.name, text)) === 'stored') return;
    throw new GatewayError('NoSuchBucket', { BucketName: bucket.name });
  }
}
