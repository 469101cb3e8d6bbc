import { extname } from 'node:path/posix';
import { fileTypeFromBuffer } from 'file-type';
import { extension, lookup } from 'mime-types';

/** What is said of content of which nothing is known. */
export const unknownMediaType = 'application/octet-stream';

/** First bytes of a content that `sniffMediaType` wants; more tell it hardly more. */
export const sniffedSizeBytes = 4100;

/** Where the extension that the table of media types lists first is not the one people use. */
const usualExtensions: Readonly<Record<string, string>> = {
  'audio/mpeg': 'mp3',
  'video/quicktime': 'mov',
};

/** By the extension of a file name or key; null when it has none, or an unknown one. */
export function mediaTypeOfName(name: string): string | null {
  const found = lookup(extensionOfName(name));
  return found === false || found === unknownMediaType ? null : found;
}

/** With its dot, as it is written; '' where there is none. Directories do not count. */
export function extensionOfName(name: string): string {
  return extname(name.slice(name.lastIndexOf('\\') + 1));
}

/** The usual extension of a media type, with its dot; '' for an unknown type. */
export function extensionOfMediaType(mediaType: string): string {
  if (mediaType === unknownMediaType) return '';
  const found = usualExtensions[mediaType] ?? extension(mediaType);
  return found === false ? '' : `.${found}`;
}

/** By the first bytes of the content; null when they have no known form. Never throws. */
export async function sniffMediaType(head: Buffer): Promise<string | null> {
  try {
    const found = await fileTypeFromBuffer(head.subarray(0, sniffedSizeBytes));
    return found?.mime ?? null;
  } catch {
    // Content that begins like a known form and goes on otherwise, or is cut.
    return null;
  }
}
