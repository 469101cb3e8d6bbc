import { decodeUrlSafeText } from '../encodings.ts';
import { QiniuError } from '../errors.ts';
import { toOctets } from '../octets.ts';

/** What a client says of what it uploads. */
export interface UploadDetails {
  /** Null where it names none; '' is a key. */
  readonly key: string | null;
  readonly fileName: string | null;
  readonly mediaType: string | null;
  /** By name with `x:`. */
  readonly customVariables: ReadonlyMap<string, string>;
  /** By lower-case name without `x-qn-meta-`, in octets. */
  readonly userMetadata: Readonly<Record<string, string>>;
  /** Stored with the object, by lower-case name, in octets. */
  readonly systemHeaders: Readonly<Record<string, string>>;
}

const metadataPrefix = 'x-qn-meta-';
const metadataNameLengthMax = 50;
/** Names and values together. https://developer.qiniu.com/kodo/1252/chgm */
const metadataSizeBytesMax = 1024;

const systemHeaderNames: Readonly<Record<string, string>> = {
  cachecontrol: 'cache-control',
  contentdisposition: 'content-disposition',
  contentlanguage: 'content-language',
  contentencoding: 'content-encoding',
  expires: 'expires',
};
const systemHeaderValues = new Set(Object.values(systemHeaderNames));

const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what headers cannot hold
const unusableInHeaders = /[\0-\x08\x0a-\x1f\x7f]/;

/**
 * Sorts the names of a form, a path or a document that an upload came with; names of no meaning are
 * ignored. Throws 400 for metadata that cannot be kept.
 */
export function readDetails(
  named: Iterable<readonly [string, string]>,
  known: Pick<UploadDetails, 'key' | 'fileName' | 'mediaType'>,
): UploadDetails {
  const customVariables = new Map<string, string>();
  const userMetadata: Record<string, string> = {};
  const systemHeaders: Record<string, string> = {};
  for (const [name, value] of named) {
    const lowerName = name.toLowerCase();
    const systemName = systemHeaderOf(lowerName);
    if (name.startsWith('x:')) customVariables.set(name, value);
    else if (systemName !== null) setOnce(systemHeaders, systemName, headerOctets(name, value));
    else if (lowerName.startsWith(metadataPrefix)) {
      const metadataName = lowerName.slice(metadataPrefix.length);
      checkMetadataName(metadataName);
      setOnce(userMetadata, metadataName, headerOctets(name, value));
    }
  }
  checkMetadataSize(userMetadata);
  return { ...known, customVariables, userMetadata, systemHeaders };
}

/**
 * Values of `/name/base64` segments behind the fixed part of a path; a client may end the path in a
 * slash. Throws 400.
 */
export function readPathDetails(segments: readonly string[]): {
  readonly details: UploadDetails;
  /** As it is written. */
  readonly crc32: string | null;
} {
  const isSlashed = segments.length % 2 === 1 && segments.at(-1) === '';
  const paired = isSlashed ? segments.slice(0, -1) : segments;
  if (paired.length % 2 === 1) throw new QiniuError(400, 'invalid argument');
  const values = new Map<string, string>();
  let crc32: string | null = null;
  for (let at = 0; at < paired.length; at += 2) {
    const name = paired[at] ?? '';
    const encoded = paired[at + 1] ?? '';
    if (name === 'crc32') crc32 ??= encoded;
    else if (meansSomething(name) && !values.has(name)) {
      values.set(name, decodedValue(name, encoded));
    }
  }
  const details = readDetails(values, {
    key: values.get('key') ?? null,
    fileName: values.get('fname') ?? null,
    mediaType: values.get('mimeType') ?? null,
  });
  return { details, crc32 };
}

function meansSomething(name: string): boolean {
  return /^(key|fname|mimeType|x:.*|x-qn-meta-.*)$/s.test(name) || systemHeaderOf(name) !== null;
}

function decodedValue(name: string, encoded: string): string {
  const text = decodeUrlSafeText(encoded);
  if (text !== null) return text;
  const isKey = name === 'key';
  throw new QiniuError(400, isKey ? 'key must be utf8 encoding' : `invalid argument: ${name}`);
}

/** `cacheControl`, and `x-qn-meta-!Cache-Control` in the same sense. */
function systemHeaderOf(lowerName: string): string | null {
  const marked = lowerName.startsWith(`${metadataPrefix}!`)
    ? lowerName.slice(metadataPrefix.length + 1)
    : null;
  if (marked !== null && systemHeaderValues.has(marked)) return marked;
  return Object.hasOwn(systemHeaderNames, lowerName)
    ? (systemHeaderNames[lowerName] ?? null)
    : null;
}

function setOnce(record: Record<string, string>, name: string, value: string): void {
  if (!Object.hasOwn(record, name)) record[name] = value;
}

function headerOctets(name: string, value: string): string {
  if (unusableInHeaders.test(value)) throw new QiniuError(400, `invalid value of ${name}`);
  return toOctets(value);
}

function checkMetadataName(name: string): void {
  if (name.length <= metadataNameLengthMax && headerName.test(name) && name !== '__proto__') return;
  throw new QiniuError(400, 'invalid metadata name');
}

function checkMetadataSize(userMetadata: Readonly<Record<string, string>>): void {
  const entries = Object.entries(userMetadata);
  const size = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size > metadataSizeBytesMax) throw new QiniuError(400, 'metadata is too large');
}
