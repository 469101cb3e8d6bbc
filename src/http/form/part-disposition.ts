/** What the `Content-Disposition` of a part says. */
export interface PartDisposition {
  readonly name: string;
  /** As the client gave it, with directories; null when it gave none. */
  readonly fileName: string | null;
}

/**
 * No character can be matched in two ways: else text of a stranger, tried in all of them, would take
 * for ever. Where escapes leave no quote for the end, as in the `"C:\"` of old browsers, there are none.
 */
const parameterPattern =
  /;[ \t]*([!#$&+\-.^_`|~\w]+\*?)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\["\\]|\\(?!["\\]))*)"|"([^"]*)"|([^;"]*))/g;

/**
 * Reads `form-data; name="…"; filename="…"`; null for another disposition, or one without a name.
 * `header` has octets as characters. Names are UTF-8, with U+FFFD for what is not; browsers write
 * `"`, CR and LF as `%22`, `%0D` and `%0A` (WHATWG HTML, multipart/form-data encoding), others `"` as
 * `\"`. `filename*` (RFC 5987) wins over `filename`; the first of equal parameters counts.
 */
export function parseDisposition(header: string): PartDisposition | null {
  if (!/^form-data[ \t]*(;|$)/i.test(header)) return null;
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, literal, token = ''] of header.matchAll(parameterPattern)) {
    const value = quoted?.replace(/\\(["\\])/g, '$1') ?? literal ?? token.trim();
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value);
  }
  const name = parameters.get('name');
  if (name === undefined) return null;
  const fileName = parameters.get('filename');
  const extended = decodeExtended(parameters.get('filename*') ?? '');
  return {
    name: decodeName(name),
    fileName: extended ?? (fileName === undefined ? null : decodeName(fileName)),
  };
}

const browserEscapes: Readonly<Record<string, string>> = { '%22': '"', '%0D': '\r', '%0A': '\n' };

function decodeName(octets: string): string {
  const text = Buffer.from(octets, 'latin1').toString('utf8');
  return text.replace(/%(22|0D|0A)/gi, (code) => browserEscapes[code.toUpperCase()] ?? code);
}

/** `UTF-8''%e4%b8%ad.jpg`; null for what is no such value. */
function decodeExtended(value: string): string | null {
  const match = /^(utf-8|iso-8859-1)'[\w-]*'((?:%[0-9a-f]{2}|[!#$&+\-.^_`|~\w])*)$/i.exec(value);
  if (!match) return null;
  const [, charset = '', encoded = ''] = match;
  const octets = encoded.replace(/%([0-9a-f]{2})/gi, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return /^utf-8$/i.test(charset) ? Buffer.from(octets, 'latin1').toString('utf8') : octets;
}
