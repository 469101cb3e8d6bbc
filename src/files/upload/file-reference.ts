const fileIdPattern =
  /^([A-Za-z0-9]{1,16}\/M[0-9A-F]{2}\/[0-9A-F]{2}\/[0-9A-F]{2}\/[A-Za-z0-9_-]{27}[A-Za-z0-9._-]*)$/;

/** Characters: what is longer is no URL of a file. */
const referenceLengthMax = 4096;

/**
 * The file ID in what clients keep of a file: the ID, a path or a URL that ends in it, with
 * `/download/` or any other prefix in front and a query behind. Null when there is none.
 */
export function fileIdOf(reference: string): string | null {
  if (reference.length > referenceLengthMax) return null;
  const [path = ''] = reference
    .replace(/^https?:\/\/[^/]*/i, '')
    .split(/[?#]/, 1)
    .map((part) => part.replaceAll(/%2F/gi, '/'));
  const parts = path.split('/').filter((part) => part !== '');
  const fileId = parts.slice(-5).join('/');
  return fileIdPattern.test(fileId) && !fileId.endsWith('-m') ? fileId : null;
}
