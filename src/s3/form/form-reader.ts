import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyFileStream } from '@fastify/busboy';
import { GatewayError } from '../../core/errors.ts';
import { HeadSlicer } from './head-slicer.ts';

/** Bytes of a form before its file. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html */
const headSizeBytesMax = 20 * 1024;
/** Bytes of a form behind its file, which nobody looks at: submit buttons and the like. */
export const tailSizeBytesMax = 64 * 1024;
const fieldCountMax = 200;
/** File content between parser and whoever stores it. */
const fileBufferBytes = 256 * 1024;

/** A form up to the first byte of its file. */
export interface FormHead {
  /** By name in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  /** Without directories, '' when the client gave none; null when the form has no file. */
  readonly fileName: string | null;
  /** Where the file's first byte is in the body. */
  readonly fileOffset: number;
}

/**
 * Reads one form: its fields, and the file as it arrives. The file is the part of that name; what
 * follows it is ignored, as AWS does.
 */
export class FormReader {
  readonly #body: Readable;
  readonly #parser;
  readonly #slicer = new HeadSlicer();
  readonly #abort = new AbortController();
  readonly #fields = new Map<string, string>();
  readonly #head: Promise<FormHead>;
  /** Resolves once all of the form was read and found whole. */
  readonly #parsed: Promise<void>;
  #file: BusboyFileStream | null = null;

  /** `body` is the whole form. Throws nothing; the form's faults come from `head` and `file`. */
  constructor(body: Readable, boundary: string) {
    this.#body = body;
    this.#parser = new Busboy({
      headers: { 'content-type': `multipart/form-data; boundary="${boundary}"` },
      isPartAFile: (name) => name?.toLowerCase() === 'file',
      fileHwm: fileBufferBytes,
      // Further files are skipped.
      limits: {
        files: 1,
        fields: fieldCountMax + 1,
        fieldSize: headSizeBytesMax,
        headerPairs: 100,
      },
    });
    // Its errors come again from the pipeline; some come after that has ended.
    this.#parser.on('error', () => {});
    this.#parsed = this.#parse();
    this.#head = this.#readHead();
    // Whoever asks gets them; nobody may ask.
    this.#parsed.catch(() => {});
    this.#head.catch(() => {});
  }

  /**
   * Resolves when the file begins, or when the form ends without one. Rejects with
   * `MalformedPOSTRequest`, `MaxPostPreDataLengthExceededError` or what is wrong with the body.
   */
  head(): Promise<FormHead> {
    return this.#head;
  }

  /** The content of the file; read once. It ends only when all of the form is well-formed. */
  async *file(): AsyncGenerator<Buffer, void, void> {
    const file = this.#file;
    if (!file) throw new Error('The form has no file.');
    try {
      for await (const chunk of file as AsyncIterable<Buffer>) yield chunk;
    } catch (error) {
      await this.#parsed;
      throw error;
    }
    await this.#parsed;
  }

  /** Reads no more. */
  close(): void {
    this.#abort.abort();
    this.#file?.destroy();
    this.#body.destroy();
  }

  async #parse(): Promise<void> {
    const slices = (source: AsyncIterable<Buffer>) => this.#slices(source);
    try {
      await pipeline(this.#body, slices, this.#parser, { signal: this.#abort.signal });
    } catch (error) {
      throw error instanceof GatewayError ? error : malformed('The form is malformed.', error);
    }
  }

  #readHead(): Promise<FormHead> {
    return new Promise((resolve, reject) => {
      const end = (fileName: string | null) =>
        resolve({ fields: this.#fields, fileName, fileOffset: this.#slicer.offset });
      this.#parser.on('field', (name, value, _isNameCut, isCut) => {
        try {
          if (isCut) throw headTooLarge();
          this.#addField(name, value);
        } catch (error) {
          this.#body.destroy(error as Error);
        }
      });
      this.#parser.on('file', (_name, file, fileName) => {
        // It is told of errors even when nobody reads it.
        file.on('error', () => {});
        this.#file = file;
        if (fileName?.includes('\ufffd'))
          this.#body.destroy(malformed('The file name is not UTF-8.'));
        else end(fileName ?? '');
      });
      this.#parsed.then(
        () => end(null),
        (error) => {
          this.#file?.destroy(error);
          reject(error);
        },
      );
    });
  }

  #addField(givenName: string | undefined, value: string): void {
    if (this.#file) return;
    if (!givenName) throw malformed('A field has no name.');
    const name = givenName.toLowerCase();
    if (value.includes('\ufffd') || name.includes('\ufffd')) {
      throw malformed(`The field ${givenName} is not UTF-8.`);
    }
    if (this.#fields.has(name) && !name.startsWith('x-ignore-')) {
      throw new GatewayError('InvalidArgument', {
        message: 'A POST form must contain each field only once.',
        ArgumentName: givenName,
      });
    }
    if (this.#fields.size >= fieldCountMax) throw headTooLarge();
    this.#fields.set(name, value);
  }

  async *#slices(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
    for await (const chunk of source) {
      if (this.#file) {
        yield chunk;
        continue;
      }
      for (const slice of this.#slicer.slices(chunk)) {
        if (this.#file === null && this.#slicer.offset > headSizeBytesMax) throw headTooLarge();
        yield slice;
      }
    }
  }
}

function headTooLarge(): GatewayError {
  return new GatewayError('MaxPostPreDataLengthExceededError', {
    MaxPostPreDataLengthBytes: headSizeBytesMax,
  });
}

export function malformed(reason: string, cause: unknown = new Error(reason)): GatewayError {
  return new GatewayError('MalformedPOSTRequest', {}, { cause });
}
