import { decodeUtf8 } from '../encodings.ts';
import { QiniuError } from '../errors.ts';
import { readDetails, type UploadDetails } from './details.ts';

/** A part as the client lists it. */
export interface ListedPart {
  readonly partNumber: number;
  /** Kodo's hash of the part. */
  readonly etag: string;
}

export interface CompletionDocument {
  readonly parts: readonly ListedPart[];
  readonly details: UploadDetails;
}

const partNumberMax = 10_000;
const systemNames = [
  ...['cacheControl', 'contentDisposition', 'contentLanguage', 'contentEncoding', 'expires'],
];

/**
 * Reads the JSON that completes an upload of version 2; SDKs differ in the letter case of its names.
 * Throws 400.
 */
export function parseCompletion(body: Buffer, key: string | null): CompletionDocument {
  const document = membersOf(parsedJson(body));
  const named = [
    ...entriesOf(document.get('metadata'), 'metadata'),
    ...entriesOf(document.get('customvars'), 'customVars'),
    ...systemNames.flatMap((name): [string, string][] => {
      const value = textOf(document, name);
      return value === null ? [] : [[name, value]];
    }),
  ];
  const details = readDetails(named, {
    key,
    fileName: textOf(document, 'fname') || null,
    mediaType: textOf(document, 'mimeType') || null,
  });
  return { parts: partsOf(document.get('parts')), details };
}

function partsOf(value: unknown): readonly ListedPart[] {
  if (!Array.isArray(value) || value.length > partNumberMax) throw invalid('parts');
  let previous = 0;
  return value.map((item): ListedPart => {
    const part = membersOf(item);
    const partNumber = part.get('partnumber');
    const etag = part.get('etag');
    if (typeof etag !== 'string' || !Number.isInteger(partNumber)) throw invalid('parts');
    if ((partNumber as number) <= previous) throw new QiniuError(400, 'invalid part order');
    previous = partNumber as number;
    return { partNumber: previous, etag };
  });
}

function parsedJson(body: Buffer): unknown {
  try {
    return JSON.parse(decodeUtf8(body) ?? '');
  } catch {
    throw new QiniuError(400, 'invalid argument: the body is no JSON');
  }
}

/** By name in lower case; the first of several counts. */
function membersOf(value: unknown): ReadonlyMap<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw invalid('body');
  const members = new Map<string, unknown>();
  for (const [name, member] of Object.entries(value)) {
    const lowerName = name.toLowerCase();
    if (!members.has(lowerName)) members.set(lowerName, member);
  }
  return members;
}

function entriesOf(value: unknown, name: string): readonly (readonly [string, string])[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid(name);
  return Object.entries(value).map(([entryName, text]) => {
    if (typeof text !== 'string') throw invalid(name);
    return [entryName, wellFormed(text)] as const;
  });
}

function textOf(document: ReadonlyMap<string, unknown>, name: string): string | null {
  const value = document.get(name.toLowerCase()) ?? null;
  if (value !== null && typeof value !== 'string') throw invalid(name);
  return value === null ? null : wellFormed(value);
}

/** JSON can spell what has no UTF-8 form. */
function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

function invalid(name: string): QiniuError {
  return new QiniuError(400, `invalid argument: ${name}`);
}
