import { GatewayError } from '../core/errors.ts';

/** Turns the bytes of an HTTP body into content. Errors are `GatewayError`s; all end the body. */
export interface ContentDecoder {
  /** Takes the next bytes and hands their content on, as parts of the same memory. */
  write(bytes: Buffer, emit: (content: Buffer) => void): void;
  /** Call it when the body ended; throws when that was too early. */
  end(): void;
}

export function incompleteBody(message: string): GatewayError {
  return new GatewayError('IncompleteBody', { message });
}

/** Content without framing: it only has to be as long as it was said to be. */
export class PlainDecoder implements ContentDecoder {
  readonly #size: number;
  #received = 0;

  constructor(size: number) {
    this.#size = size;
  }

  write(bytes: Buffer, emit: (content: Buffer) => void): void {
    this.#received += bytes.length;
    if (this.#received > this.#size) {
      throw incompleteBody('The request body is longer than its Content-Length says.');
    }
    emit(bytes);
  }

  end(): void {
    if (this.#received === this.#size) return;
    throw incompleteBody(
      'You did not provide the number of bytes specified by the Content-Length HTTP header.',
    );
  }
}
