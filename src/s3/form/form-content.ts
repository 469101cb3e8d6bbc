import { Readable } from 'node:stream';
import { GatewayError } from '../../core/errors.ts';
import type { DeclaredDigests, IncomingContent } from '../../core/incoming-content.ts';
import type { RequestHeaders } from '../../http/request-headers.ts';
import type { ChecksumAlgorithm } from '../../object-index/records.ts';
import type { FileSizeRange } from '../auth/post-policy.ts';
import { type BodyChecksum, bodyChecksum } from '../body-checksum.ts';
import { type FormReader, malformed, tailSizeBytesMax } from './form-reader.ts';

export interface FormContentOptions {
  /** Those that the form's fields stand for. */
  readonly headers: RequestHeaders;
  /** What the policy allows. */
  readonly range: FileSizeRange;
  /** Bytes of the form that begin with the file. */
  readonly remainingBytes: number;
  readonly boundary: string;
}

/**
 * The file of a form. A form says how long it is, not how long its file is: that is known to be the
 * rest of the form without its end, unless fields follow, which a tolerance allows for.
 */
export class FormContent implements IncomingContent {
  readonly size: number;
  readonly sizeToleranceBytes = tailSizeBytesMax;
  readonly declaresSha256 = false;
  readonly #form: FormReader;
  readonly #options: FormContentOptions;
  readonly #checksum: BodyChecksum | null;

  /** Throws `InvalidRequest` for checksums that cannot be used. */
  constructor(form: FormReader, options: FormContentOptions) {
    this.#form = form;
    this.#options = options;
    // As browsers and all common libraries end a form: CR LF `--boundary--` CR LF.
    this.size = Math.max(0, options.remainingBytes - options.boundary.length - 8);
    this.#checksum = bodyChecksum(options.headers, { hasTrailer: false });
  }

  get checksumAlgorithm(): ChecksumAlgorithm | null {
    return this.#checksum?.algorithm ?? null;
  }

  open(): Readable {
    return Readable.from(this.#content(), { objectMode: false });
  }

  declared(): DeclaredDigests {
    const value = this.#checksum?.value ?? null;
    return value === null ? {} : { checksumValue: value };
  }

  async *#content(): AsyncGenerator<Buffer, void, void> {
    const { min, max } = this.#options.range;
    let size = 0;
    for await (const chunk of this.#form.file()) {
      size += chunk.length;
      if (size > max) {
        throw new GatewayError('EntityTooLarge', { ProposedSize: size, MaxSizeAllowed: max });
      }
      yield chunk;
    }
    if (size < min) {
      throw new GatewayError('EntityTooSmall', { ProposedSize: size, MinSizeAllowed: min });
    }
    if (this.size - size > tailSizeBytesMax) {
      throw malformed(`More than ${tailSizeBytesMax} bytes follow the file.`);
    }
  }
}
