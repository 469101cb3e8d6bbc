import { changeEntry } from '../../core/kodo/change-entry.ts';
import { objectEntryOf, pairsOf, textOf } from '../entry.ts';
import { QiniuError } from '../errors.ts';
import { toOctets } from '../octets.ts';
import { checkCondition, conditionOf } from './condition.ts';
import type { ObjectOperation } from './object-operation.ts';

const metadataPrefix = 'x-qn-meta-';
const metadataNameLengthMax = 50;
/** Names and values together, prefix left out. */
const metadataSizeBytesMax = 1024;
const metadataName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** Headers that go with an object, by lower-case name; and by the names of newer SDKs. */
const systemHeaders: ReadonlySet<string> = new Set([
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
]);
const headerPairs: ReadonlyMap<string, string> = new Map([
  ['mime', 'content-type'],
  ['cacheControl', 'cache-control'],
  ['contentDisposition', 'content-disposition'],
  ['contentEncoding', 'content-encoding'],
  ['contentLanguage', 'content-language'],
  ['expires', 'expires'],
]);

/**
 * MIME type, metadata and headers; those that are not named stay as they are.
 * https://developer.qiniu.com/kodo/1252/chgm
 */
export const chgm: ObjectOperation = {
  name: 'chgm',
  prepare([entry = '', ...rest]) {
    const name = objectEntryOf(entry);
    const pairs = pairsOf(rest);
    const condition = conditionOf(pairs.get('cond'));
    const { headers, metadata } = changesOf(pairs);
    return {
      objects: [name],
      isRead: false,
      async run({ access, services: { core } }) {
        await changeEntry(core, access, ['s3:PutObject'], name, async (object) => {
          await checkCondition(core, condition, object);
          const userMetadata = { ...object.userMetadata, ...metadata };
          if (Object.keys(metadata).length > 0) checkMetadataSize(userMetadata);
          return { headers: { ...object.headers, ...headers }, userMetadata };
        });
      },
    };
  },
};

/** Throws 400. */
function changesOf(pairs: ReadonlyMap<string, string>) {
  const headers: [string, string][] = [];
  const metadata: [string, string][] = [];
  for (const [name, encoded] of pairs) {
    const header = headerPairs.get(name);
    if (header !== undefined) headers.push([header, headerValueOf(encoded)]);
    if (!name.toLowerCase().startsWith(metadataPrefix)) continue;
    const rest = name.slice(metadataPrefix.length).toLowerCase();
    const value = headerValueOf(encoded);
    if (rest.startsWith('!')) headers.push([systemHeaderOf(rest.slice(1)), value]);
    else metadata.push([checkedName(rest), value]);
  }
  // Not by assignment: a name such as `__proto__` is data like any other.
  return { headers: Object.fromEntries(headers), metadata: Object.fromEntries(metadata) };
}

function systemHeaderOf(name: string): string {
  if (systemHeaders.has(name)) return name;
  throw new QiniuError(400, `the header ${name} is not supported by this gateway`);
}

function checkedName(name: string): string {
  if (metadataName.test(name) && name.length <= metadataNameLengthMax) return name;
  throw new QiniuError(400, 'invalid argument: bad name of metadata');
}

/** As header octets: lines would end headers. */
function headerValueOf(encoded: string): string {
  const text = textOf(encoded);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(text)) {
    throw new QiniuError(400, 'invalid argument: control characters');
  }
  return toOctets(text);
}

function checkMetadataSize(metadata: Readonly<Record<string, string>>): void {
  let size = 0;
  for (const [name, value] of Object.entries(metadata)) size += name.length + value.length;
  if (size > metadataSizeBytesMax) throw new QiniuError(400, 'metadata is too large');
}
