import { headerOctets } from '../auth/presigned-query.ts';
import { parseXml, type XmlElement } from '../xml.ts';

/** Fields that say of the object what the header of the same name would say. */
const headerFields: ReadonlySet<string> = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
]);

/** Fields that are about the form's signature. */
export const signatureFields: ReadonlySet<string> = new Set([
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-signature',
]);

/**
 * What the fields of a form say, as headers of a PutObject would: everything behind the form is
 * the same then. Throws `InvalidArgument` for values that no header could carry, `MalformedXML` for
 * tags that are not well-formed.
 */
export function headersOfForm(fields: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of fields) {
    const isHeader = headerFields.has(name) || name.startsWith('x-amz-');
    if (!isHeader || signatureFields.has(name)) continue;
    headers.set(name, headerOctets(name, value));
  }
  const acl = fields.get('acl');
  if (acl !== undefined) headers.set('x-amz-acl', headerOctets('acl', acl));
  const tagging = fields.get('tagging');
  if (tagging !== undefined) headers.set('x-amz-tagging', taggingHeader(tagging));
  return headers;
}

/** The field holds a document, the header a query string. */
function taggingHeader(document: string): string {
  const tags = parseXml(document, 'Tagging').find('TagSet')?.list('Tag') ?? [];
  // References to half a character have no encoding: they become U+FFFD.
  const encoded = (tag: XmlElement, name: 'Key' | 'Value') =>
    encodeURIComponent(Buffer.from(tag.textOf(name) ?? '').toString());
  return tags.map((tag) => `${encoded(tag, 'Key')}=${encoded(tag, 'Value')}`).join('&');
}
