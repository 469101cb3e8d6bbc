import { GatewayError } from '../core/errors.ts';
import { bucketTags, checkedTags, objectTags, type Tags } from '../core/tags.ts';
import type { RequestHeaders } from '../http/request-headers.ts';
import { parseXml, renderXml, type XmlContent, type XmlElement } from './xml.ts';

/** 50 tags of the longest keys and values, each character a reference. */
export const taggingSizeBytesMax = 512 * 1024;

const taggingHeaderName = 'x-amz-tagging';

/**
 * Tags of a `Tagging` document: a body of PutObjectTagging, or the field `tagging` of a form.
 * Throws `MalformedXML`, `InvalidTag` or `BadRequest`.
 */
export function parseTagging(document: string): Tags {
  return checkedTags(tagPairs(tagSet(parseXml(document, 'Tagging'))), objectTags);
}

/** The same of a bucket, which may have more of them. */
export function parseBucketTagging(root: XmlElement): Tags {
  return parseBucketTags(tagSet(root));
}

/** Tags of a bucket in an element that has a `Tag` for each. */
export function parseBucketTags(list: XmlElement): Tags {
  return checkedTags(tagPairs(list), bucketTags);
}

function tagSet(tagging: XmlElement): XmlElement {
  const set = tagging.find('TagSet');
  if (!set || tagging.children.length !== 1) throw new GatewayError('MalformedXML');
  return set;
}

function tagPairs(list: XmlElement): [key: string, value: string][] {
  return list.children.map((tag) => {
    const key = tag.textOf('Key');
    const value = tag.textOf('Value');
    const isTag = tag.name === 'Tag' && tag.children.length === 2;
    if (!isTag || key === null || value === null) throw new GatewayError('MalformedXML');
    return [key, value];
  });
}

/** Content of a `Tagging` document, in the order of the keys' bytes. */
export function taggingContent(tags: Tags): { readonly [element: string]: XmlContent } {
  const pairs = Object.entries(tags).sort(([one], [other]) =>
    Buffer.compare(Buffer.from(one), Buffer.from(other)),
  );
  return { TagSet: { Tag: pairs.map(([key, value]) => ({ Key: key, Value: value })) } };
}

export function renderTagging(tags: Tags): string {
  return renderXml('Tagging', taggingContent(tags));
}

/**
 * Tags that a write gives its object in `x-amz-tagging`, encoded like a query: `a=1&b=2`. Null
 * without the header. Throws `InvalidArgument`, `InvalidTag` or `BadRequest`.
 */
export function taggingHeader(headers: RequestHeaders): Tags | null {
  const value = headers.get(taggingHeaderName);
  if (value === null) return null;
  const pairs = value.split('&').filter((pair) => pair !== '');
  const decoded = pairs.map((pair): [string, string] => {
    const end = pair.includes('=') ? pair.indexOf('=') : pair.length;
    const key = decodeText(pair.slice(0, end));
    const text = decodeText(pair.slice(end + 1));
    if (key === null || text === null) throw undecodable(value);
    return [key, text];
  });
  if (new Set(decoded.map(([key]) => key)).size < decoded.length) throw undecodable(value);
  return checkedTags(decoded, objectTags);
}

/** Null for what is not percent-encoded UTF-8. Octets that should be encoded are taken as well. */
function decodeText(encoded: string): string | null {
  const octets = encoded
    .replaceAll('+', ' ')
    .replace(/%([0-9A-Fa-f]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
  if (/%(?![0-9A-Fa-f]{2})/.test(encoded)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(octets, 'latin1'),
    );
  } catch {
    return null;
  }
}

function undecodable(value: string): GatewayError {
  return new GatewayError('InvalidArgument', {
    message:
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
    ArgumentName: taggingHeaderName,
    ArgumentValue: value,
  });
}

/** How a copy gets its tags. Throws `InvalidArgument`. */
export function taggingDirective(headers: RequestHeaders): 'COPY' | 'REPLACE' {
  const directive = headers.get('x-amz-tagging-directive') ?? 'COPY';
  if (directive === 'COPY' || directive === 'REPLACE') return directive;
  throw new GatewayError('InvalidArgument', {
    message: 'Unknown tagging directive.',
    ArgumentName: 'x-amz-tagging-directive',
    ArgumentValue: directive,
  });
}
