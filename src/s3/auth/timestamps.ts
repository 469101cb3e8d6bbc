/** Nearly all requests carry the second that it is now. */
let lastParsed: { readonly text: string; readonly timeMs: number | null } | null = null;

/** `20130524T000000Z`, the ISO 8601 basic form that signatures use. Null when it is not one. */
export function parseAmzDate(text: string): number | null {
  if (lastParsed?.text === text) return lastParsed.timeMs;
  const timeMs = parseAmzDateAnew(text);
  lastParsed = { text, timeMs };
  return timeMs;
}

function parseAmzDateAnew(text: string): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second] = match;
  const timeMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // `Date.parse` takes 30 February for 1 March.
  return Number.isNaN(timeMs) || renderAmzDate(timeMs) !== text ? null : timeMs;
}

export function renderAmzDate(timeMs: number): string {
  if (lastParsed?.timeMs === timeMs) return lastParsed.text;
  return new Date(timeMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** RFC 1123 and the other forms of HTTP dates. Null when it is none. */
export function parseHttpDate(text: string): number | null {
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return null;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? null : timeMs;
}

/** As error documents show times: `2013-05-24T00:00:00Z`. */
export function renderIsoSeconds(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d{3}/, '');
}
