import { GatewayError } from '../../core/errors.ts';

/** Bytes of the headers of one part. */
const headSizeBytesMax = 16 * 1024;
/** Spaces behind a boundary, which RFC 2046 allows. */
const paddingSizeBytesMax = 256;

const CRLF = Buffer.from('\r\n');
const BLANK_LINE = Buffer.from('\r\n\r\n');
const DASHES = Buffer.from('--');
const CARRIAGE_RETURN = 0x0d;

/** Headers of a part by name in lower case, octets as characters; the first of a name counts. */
export type PartHeaders = ReadonlyMap<string, string>;

export type MultipartPiece =
  | { readonly kind: 'head'; readonly headers: PartHeaders }
  /** As part of the memory that was pushed. */
  | { readonly kind: 'content'; readonly bytes: Buffer }
  | { readonly kind: 'end' };

/** RFC 2046, section 5.1.1. */
const boundaryPattern = /^[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/;

/**
 * The boundary of `multipart/form-data`; null for another media type. Throws
 * `MalformedPOSTRequest` when it is missing.
 */
export function formBoundary(contentType: string | null): string | null {
  if (contentType === null || !/^multipart\/form-data[ \t]*(;|$)/i.test(contentType)) return null;
  const match = /;[ \t]*boundary=(?:"([^"]*)"|([^;,"\s]+))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2] ?? '';
  if (boundaryPattern.test(boundary)) return boundary;
  throw malformedForm('The boundary is missing.');
}

export function malformedForm(reason: string): GatewayError {
  const message = `The body of your POST request is not well-formed multipart/form-data. ${reason}`;
  return new GatewayError('MalformedPOSTRequest', { message });
}

/**
 * Takes the bytes of a multipart body and gives its parts with all of their headers, which the
 * parsers of forms do not tell. Every method throws `MalformedPOSTRequest`.
 */
export class MultipartParser {
  readonly #delimiter: Buffer;
  /** What could not be decided yet. The first boundary need not follow a line, so one is added. */
  #rest: Buffer = CRLF;
  #state: 'preamble' | 'delimiter' | 'head' | 'content' | 'epilogue' = 'preamble';

  constructor(boundary: string) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  *push(chunk: Buffer): Generator<MultipartPiece, void, void> {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const [state, size] = [this.#state, bytes.length];
      if (this.#state === 'preamble') bytes = this.#skipPreamble(bytes);
      else if (this.#state === 'delimiter') bytes = this.#readDelimiter(bytes);
      else if (this.#state === 'head') bytes = yield* this.#readHead(bytes);
      else if (this.#state === 'content') bytes = yield* this.#readContent(bytes);
      else bytes = bytes.subarray(bytes.length);
      const isDecided = this.#state !== state || bytes.length < size;
      if (!isDecided || bytes.length === 0) break;
    }
    // A copy: `chunk` may be of a pool, of which a few bytes would hold all.
    this.#rest = Buffer.from(bytes);
  }

  /** Throws when the body ended too early. */
  end(): void {
    if (this.#state !== 'epilogue') throw malformedForm('It ends before its last boundary.');
  }

  #skipPreamble(bytes: Buffer): Buffer {
    const at = bytes.indexOf(this.#delimiter);
    if (at === -1) return bytes.subarray(this.#possibleDelimiter(bytes));
    this.#state = 'delimiter';
    return bytes.subarray(at + this.#delimiter.length);
  }

  #readDelimiter(bytes: Buffer): Buffer {
    if (bytes.length < 2) return bytes;
    if (bytes.subarray(0, 2).equals(DASHES)) {
      this.#state = 'epilogue';
      return bytes.subarray(bytes.length);
    }
    const end = bytes.indexOf(CRLF);
    if (end === -1 && bytes.length <= paddingSizeBytesMax) return bytes;
    if (end === -1 || !/^[ \t]*$/.test(bytes.toString('latin1', 0, end))) {
      throw malformedForm('Something follows a boundary.');
    }
    this.#state = 'head';
    // The line's end stays: it is half of the blank line behind no headers at all.
    return bytes.subarray(end);
  }

  *#readHead(bytes: Buffer): Generator<MultipartPiece, Buffer, void> {
    const end = bytes.indexOf(BLANK_LINE);
    if (end > headSizeBytesMax || (end === -1 && bytes.length > headSizeBytesMax)) {
      throw malformedForm(`The headers of a part have more than ${headSizeBytesMax} bytes.`);
    }
    if (end === -1) return bytes;
    this.#state = 'content';
    yield { kind: 'head', headers: parseHeaders(bytes.toString('latin1', 2, Math.max(2, end))) };
    // Content may be empty: its delimiter begins with the end of the blank line then.
    return bytes.subarray(end + CRLF.length);
  }

  #isAtContentStart = true;

  *#readContent(bytes: Buffer): Generator<MultipartPiece, Buffer, void> {
    const at = bytes.indexOf(this.#delimiter);
    const end = at === -1 ? this.#possibleDelimiter(bytes) : at;
    const skipped = this.#isAtContentStart ? Math.min(CRLF.length, end) : 0;
    if (end > 0) this.#isAtContentStart = false;
    if (end > skipped) yield { kind: 'content', bytes: bytes.subarray(skipped, end) };
    if (at === -1) return bytes.subarray(end);
    this.#isAtContentStart = true;
    this.#state = 'delimiter';
    yield { kind: 'end' };
    return bytes.subarray(at + this.#delimiter.length);
  }

  /** Where a delimiter may begin that goes on in the next bytes; the length when nowhere. */
  #possibleDelimiter(bytes: Buffer): number {
    const from = Math.max(0, bytes.length - this.#delimiter.length + 1);
    const at = bytes.lastIndexOf(CARRIAGE_RETURN);
    if (at < from) return bytes.length;
    const tail = bytes.subarray(at);
    return tail.equals(this.#delimiter.subarray(0, tail.length)) ? at : bytes.length;
  }
}

function parseHeaders(text: string): PartHeaders {
  const headers = new Map<string, string>();
  const unfolded = text.replace(/\r\n[ \t]+/g, ' ');
  for (const line of unfolded.split('\r\n')) {
    if (line === '') continue;
    const colon = line.indexOf(':');
    const name = trimBlanks(line.slice(0, Math.max(0, colon))).toLowerCase();
    const isWellFormed = !/^[ \t]/.test(line) && headerName.test(name) && !/[\r\n\0]/.test(line);
    if (!isWellFormed) throw malformedForm('A part has a malformed header.');
    if (!headers.has(name)) headers.set(name, trimBlanks(line.slice(colon + 1)));
  }
  return headers;
}

const headerName = /^[!#$%&'*+\-.^_`|~\w]+$/;

/** By hand: of many blanks before another character, a pattern for those at the end tries each. */
function trimBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
