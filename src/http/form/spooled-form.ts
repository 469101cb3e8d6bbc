import { addAbortSignal, type Readable } from 'node:stream';
import { GatewayError } from '../../core/errors.ts';
import type { Spool } from '../../core/spool/spool.ts';
import type { SpooledContent } from '../../core/spool/spooled-content.ts';
import { MultipartParser, malformedForm, type PartHeaders } from './multipart-parser.ts';
import { parseDisposition } from './part-disposition.ts';

export interface FormLimits {
  /** Bytes of the value of one field. */
  readonly fieldSizeBytesMax: number;
  /** Bytes of the values of all fields. */
  readonly fieldsSizeBytesMax: number;
  /** Fields, also those that are ignored because another one has their name. */
  readonly fieldsMax: number;
  readonly filesMax: number;
  /** Bytes of the content of one file. */
  readonly fileSizeBytesMax: number;
}

export const formLimits: FormLimits = {
  fieldSizeBytesMax: 64 * 1024,
  fieldsSizeBytesMax: 2 ** 20,
  fieldsMax: 1000,
  filesMax: 100,
  fileSizeBytesMax: 5 * 2 ** 30,
};

interface FormFilePart {
  /** Name of the form's field. */
  readonly fieldName: string;
  /**
   * As the client gave it: it may be '', have directories and any character, U+FFFD for what is not
   * UTF-8. Null when the part has no `filename` and is a file because of its field's name.
   */
  readonly fileName: string | null;
  /** Without blanks around it; null when the part has none. */
  readonly contentType: string | null;
  readonly headers: PartHeaders;
}

export interface FormFile extends FormFilePart {
  /** Complete. */
  readonly content: SpooledContent;
}

export interface FormOptions {
  readonly spool: Spool;
  readonly boundary: string;
  readonly signal: AbortSignal;
  readonly limits?: Partial<FormLimits>;
  /** Fields that are files even when their part has no `filename`. */
  readonly fileFields?: ReadonlySet<string>;
  /**
   * Told before the content of a file is read, with the fields that came until then: what it throws
   * refuses the form early. More fields may follow. Gives whether it is known by now who sends the
   * file: what strangers send has less room.
   */
  readonly onFile?: (
    part: FormFilePart,
    fields: ReadonlyMap<string, string>,
  ) => boolean | Promise<boolean>;
}

/**
 * A `multipart/form-data` that was read whole, in whatever order its parts came: fields in memory,
 * files in the spool. Whoever reads it must `release` it.
 */
export class SpooledForm {
  /** By name, as given; of several fields of a name the first. */
  readonly fields: ReadonlyMap<string, string>;
  /** In their order. A file input in which nothing was chosen is no file. */
  readonly files: readonly FormFile[];

  private constructor(fields: ReadonlyMap<string, string>, files: readonly FormFile[]) {
    this.fields = fields;
    this.files = files;
  }

  /**
   * Reads `body`, a `BodyStream` or any other stream of buffers, to its end. Rejects with
   * `MalformedPOSTRequest`, `EntityTooLarge`, what the spool says when it is full, what `onFile`
   * throws and what the body fails with; nothing is held then.
   */
  static async read(body: Readable, options: FormOptions): Promise<SpooledForm> {
    const reader = new FormPartReader(options);
    const parser = new MultipartParser(options.boundary);
    try {
      addAbortSignal(options.signal, body);
      for await (const chunk of body as AsyncIterable<Buffer>) {
        for (const piece of parser.push(chunk)) {
          if (piece.kind === 'head') await reader.begin(piece.headers);
          else if (piece.kind === 'content') await reader.add(piece.bytes);
          else reader.end();
        }
      }
      parser.end();
      return new SpooledForm(reader.fields, reader.files);
    } catch (error) {
      reader.release();
      throw error;
    } finally {
      body.destroy();
    }
  }

  release(): void {
    for (const { content } of this.files) content.release();
  }
}

type OpenPart =
  | { readonly kind: 'field'; readonly name: string; readonly pieces: Buffer[]; size: number }
  | { readonly kind: 'file'; readonly file: FormFile }
  | { readonly kind: 'skipped' };

/** What has been read of a form. */
class FormPartReader {
  readonly fields = new Map<string, string>();
  readonly files: FormFile[] = [];
  readonly #options: FormOptions;
  readonly #limits: FormLimits;
  #part: OpenPart = { kind: 'skipped' };
  #fieldCount = 0;
  #fieldsSize = 0;

  constructor(options: FormOptions) {
    this.#options = options;
    this.#limits = { ...formLimits, ...options.limits };
  }

  async begin(headers: PartHeaders): Promise<void> {
    const disposition = parseDisposition(headers.get('content-disposition') ?? '');
    if (!disposition) throw malformedForm('A part has no name.');
    const { name, fileName } = disposition;
    if (name.includes('\ufffd')) throw malformedForm('The name of a part is not UTF-8.');
    const isFile = fileName !== null || this.#options.fileFields?.has(name);
    this.#part = isFile
      ? await this.#beginFile({ name, fileName, headers })
      : this.#beginField(name);
  }

  async add(bytes: Buffer): Promise<void> {
    const part = this.#part;
    if (part.kind === 'file') await this.#addToFile(part.file, bytes);
    else if (part.kind === 'field') this.#addToField(part, bytes);
  }

  end(): void {
    const part = this.#part;
    if (part.kind === 'file') this.#endFile(part.file);
    else if (part.kind === 'field') this.#endField(part);
    this.#part = { kind: 'skipped' };
  }

  release(): void {
    if (this.#part.kind === 'file') this.#part.file.content.release();
    for (const { content } of this.files) content.release();
  }

  #beginField(name: string): OpenPart {
    this.#fieldCount += 1;
    const { fieldsMax } = this.#limits;
    if (this.#fieldCount > fieldsMax) throw malformedForm(`It has more than ${fieldsMax} fields.`);
    return this.fields.has(name)
      ? { kind: 'skipped' }
      : { kind: 'field', name, pieces: [], size: 0 };
  }

  #addToField(part: OpenPart & { kind: 'field' }, bytes: Buffer): void {
    part.size += bytes.length;
    this.#fieldsSize += bytes.length;
    const { fieldSizeBytesMax, fieldsSizeBytesMax } = this.#limits;
    if (part.size > fieldSizeBytesMax) {
      throw malformedForm(`The field ${part.name} has more than ${fieldSizeBytesMax} bytes.`);
    }
    if (this.#fieldsSize > fieldsSizeBytesMax) {
      throw malformedForm(`Its fields have more than ${fieldsSizeBytesMax} bytes.`);
    }
    part.pieces.push(Buffer.from(bytes));
  }

  #endField({ name, pieces }: OpenPart & { kind: 'field' }): void {
    try {
      const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
      this.fields.set(name, decoder.decode(Buffer.concat(pieces)));
    } catch {
      throw malformedForm(`The field ${name} is not UTF-8.`);
    }
  }

  async #beginFile(part: {
    readonly name: string;
    readonly fileName: string | null;
    readonly headers: PartHeaders;
  }): Promise<OpenPart> {
    const { filesMax } = this.#limits;
    if (this.files.length >= filesMax) throw malformedForm(`It has more than ${filesMax} files.`);
    const described = {
      fieldName: part.name,
      fileName: part.fileName,
      contentType: part.headers.get('content-type') || null,
      headers: part.headers,
    };
    const isKnown = await this.#options.onFile?.(described, this.fields);
    // Content of all files together stays within what one may have in memory.
    const inMemory = this.files.filter(({ content }) => !content.isInFile);
    const usedBytes = inMemory.reduce((sum, { content }) => sum + content.size, 0);
    const { spool } = this.#options;
    const memoryBytesMax = Math.max(0, spool.contentMemoryBytesMax - usedBytes);
    const content = spool.create({ memoryBytesMax, isOfStranger: isKnown === false });
    return { kind: 'file', file: { ...described, content } };
  }

  async #addToFile({ content }: FormFile, bytes: Buffer): Promise<void> {
    const { fileSizeBytesMax } = this.#limits;
    const size = content.size + bytes.length;
    if (size > fileSizeBytesMax) {
      throw new GatewayError('EntityTooLarge', {
        ProposedSize: size,
        MaxSizeAllowed: fileSizeBytesMax,
      });
    }
    await content.write(bytes);
  }

  #endFile(file: FormFile): void {
    file.content.end();
    // What browsers send for an input in which no file was chosen.
    if (file.fileName === '' && file.content.size === 0) file.content.release();
    else this.files.push(file);
  }
}
