import type { ByteRange } from '../../core/byte-range.ts';
import { nginxMediaTypeOf } from '../../core/nginx-media-types.ts';
import { evaluateConditions } from '../../core/preconditions.ts';
import { attachmentNamed } from '../../http/content-disposition.ts';
import { httpDate, quoteEtag } from '../../http/header-values.ts';
import { ifRange, readConditions } from '../../http/preconditions.ts';
import type { RequestHeaders } from '../../http/request-headers.ts';
import { FilesError } from '../errors.ts';
import { type BodyPiece, multipartRanges, pieceSize } from './file-body.ts';
import type { FileFacts } from './file-facts.ts';
import type { FileUrl } from './file-url.ts';
import { flvHeader, flvPart } from './flv.ts';
import type { Opening } from './open-file.ts';
import { contentRange, resolveRanges } from './ranges.ts';

/** How files are shown. */
export interface FileAnswerRules {
  /** How long a public file that never changes may be kept by caches. */
  readonly maxAgeSeconds: number;
  /** Whether `/download/…` makes browsers save the file. */
  readonly downloadsAreAttachments: boolean;
}

/** An answer before its bytes are opened. */
export interface FileAnswer {
  readonly status: 200 | 206 | 304;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  /** What of the file, and around it, is to be sent; none with 304. */
  readonly pieces: readonly BodyPiece[];
}

/** A request for a file that may be read. */
export interface FileQuestion {
  readonly url: FileUrl;
  readonly query: URLSearchParams;
  readonly headers: RequestHeaders;
  readonly opening: Opening;
  readonly nowMs: number;
}

/**
 * What to answer of a file: conditions first, then ranges (RFC 9110, section 13.2.2). Throws
 * `FilesError` 412, 416, or 400 for a part of a video that is not there.
 */
export function answerFile(
  facts: FileFacts,
  question: FileQuestion,
  rules: FileAnswerRules,
): FileAnswer {
  const { headers } = question;
  const headersOfFile = commonHeaders(facts, question, rules);
  if (isNotModified(facts, headers)) {
    const { etag, 'last-modified': lastModified, 'cache-control': cacheControl } = headersOfFile;
    const validators = { etag, 'last-modified': lastModified, 'cache-control': cacheControl };
    return { status: 304, headers: validators, pieces: [] };
  }
  const isRangeGood =
    !(facts.isWeak && headers.get('if-range') !== null) && ifRange(headers)(facts);
  const range = isRangeGood ? headers.get('range') : null;
  const ranges = resolveRanges(range, facts.size);
  if (ranges === 'none') throw rangeNotSatisfiable(facts);
  if (ranges === 'all') {
    return withLength(200, headersOfFile, wholeOrPart(facts, question));
  }
  return partial(facts, headersOfFile, ranges);
}

function wholeOrPart({ size }: FileFacts, { url, query }: FileQuestion): readonly BodyPiece[] {
  const part = flvPart(url.fileName, query, size);
  if (part === 'out-of-range') throw new FilesError(400, 'The video does not have these bytes.');
  if (part === null) return [{ start: 0, size }];
  return part.isSkip ? [flvHeader, part.range] : [part.range];
}

function partial(
  { size }: FileFacts,
  headers: FileAnswer['headers'],
  ranges: readonly ByteRange[],
): FileAnswer {
  const [only, ...more] = ranges;
  if (only && more.length === 0) {
    return withLength(206, { ...headers, 'content-range': contentRange(only, size) }, [only]);
  }
  const contentType = String(headers['content-type']);
  const multipart = multipartRanges(ranges, { size, contentType });
  const { pieces } = multipart;
  return withLength(206, { ...headers, 'content-type': multipart.contentType }, pieces);
}

function withLength(
  status: 200 | 206,
  headers: FileAnswer['headers'],
  pieces: readonly BodyPiece[],
): FileAnswer {
  const length = pieces.reduce((sum, piece) => sum + pieceSize(piece), 0);
  return { status, headers: { ...headers, 'content-length': length }, pieces };
}

/** Throws `FilesError` 412. */
function isNotModified({ etag, isWeak, lastModifiedMs }: FileFacts, headers: RequestHeaders) {
  const { ifMatch, ...conditions } = readConditions(headers);
  // A weak ETag is never the same as another one in the strong comparison that If-Match is.
  const strong = isWeak ? ifMatch?.filter((each) => each === '*') : ifMatch;
  const evaluated = evaluateConditions(
    { ...conditions, ...(strong && { ifMatch: strong }) },
    { etag, lastModifiedMs },
  );
  if (evaluated.verdict === 'precondition-failed') {
    throw new FilesError(412, `${evaluated.condition} does not hold.`);
  }
  return evaluated.verdict === 'not-modified';
}

function rangeNotSatisfiable({ size }: FileFacts): FilesError {
  const headers = { 'content-range': `bytes */${size}` };
  return new FilesError(416, 'The file does not have these bytes.', { headers });
}

/** All that the answer says of the file, whatever part of it is sent. */
function commonHeaders(
  facts: FileFacts,
  question: FileQuestion,
  rules: FileAnswerRules,
): Readonly<Record<string, string | undefined>> {
  const { etag, isWeak, lastModifiedMs } = facts;
  return {
    ...describingHeaders(question, rules),
    'cache-control': cacheControl(facts.isAppender, question, rules),
    'accept-ranges': 'bytes',
    etag: (isWeak ? 'W/' : '') + quoteEtag(etag),
    'last-modified': httpDate(lastModifiedMs),
  };
}

/** What is known without asking a storage server; the type is that of the object where it has one. */
export function describingHeaders(
  { url, query, opening }: FileQuestion,
  { downloadsAreAttachments }: FileAnswerRules,
): Readonly<Record<string, string | undefined>> {
  const stored = opening.place?.object.headers ?? {};
  return {
    'content-type': stored['content-type'] ?? nginxMediaTypeOf(url.fileName),
    'content-encoding': stored['content-encoding'],
    'content-language': stored['content-language'],
    'content-disposition':
      disposition(url, query, downloadsAreAttachments) ?? stored['content-disposition'],
  };
}

/** As octets, one character each. */
function disposition(
  { fileName, isDownload }: FileUrl,
  query: URLSearchParams,
  downloadsAreAttachments: boolean,
): string | undefined {
  const name = query.get('filename') || query.get('attname');
  if (name) return attachmentNamed(name) ?? 'attachment';
  const wished = query.get('download');
  const isAttachment = wished === '1' || (isDownload && downloadsAreAttachments && wished !== '0');
  return isAttachment ? (attachmentNamed(fileName) ?? undefined) : undefined;
}

/**
 * Files keep their bytes for ever, but for appender files. Shared caches must keep nothing that is
 * not public: they would go on giving it out when its token has ended.
 */
export function cacheControl(
  isAppender: boolean,
  { opening: { place, privateUntilMs }, nowMs }: FileQuestion,
  { maxAgeSeconds }: FileAnswerRules,
): string {
  if (privateUntilMs !== null) {
    const leftSeconds = Math.floor((privateUntilMs - nowMs) / 1000);
    const seconds = Math.max(0, Math.min(leftSeconds, maxAgeSeconds));
    return seconds === 0 || isAppender ? 'private, no-cache' : `private, max-age=${seconds}`;
  }
  if (isAppender) return 'no-cache';
  return place?.object.headers['cache-control'] ?? `public, max-age=${maxAgeSeconds}`;
}
