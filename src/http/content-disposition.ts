/** Longer names are cut: headers have a limit, and no file system takes more. */
const nameBytesMax = 255;

/**
 * `Content-Disposition` that makes a browser save what it gets under `name`, which is text of a
 * stranger: what could end the header or lead out of a directory is taken out. Old clients read
 * `filename`, all others `filename*` (RFC 6266, appendix D). Null when nothing of the name is left.
 */
export function attachmentNamed(name: string): string | null {
  const safe = shortened(lastSegment(name).replace(unsafeCharacters, '').trim());
  if (safe === '') return null;
  const plain = safe.replace(/[^\x20-\x7e]/gu, '_').replace(/["\\%]/g, '_');
  const encoded = encodeURIComponent(safe).replace(
    // RFC 8187 has fewer characters that may stand for themselves.
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

/** Controls, those that turn the direction of text, and halves of surrogate pairs. */
const unsafeCharacters = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

function lastSegment(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
}

/** Whole characters, as many as fit. */
function shortened(name: string): string {
  let result = '';
  let sizeBytes = 0;
  for (const character of name) {
    sizeBytes += Buffer.byteLength(character);
    if (sizeBytes > nameBytesMax) break;
    result += character;
  }
  return result;
}
