import type { CorsRule } from '../core/cors-rules.ts';
import type { RequestHeaders } from './request-headers.ts';

export type CorsHeaders = Readonly<Record<string, string>>;

/** What the answer depends on besides the URL: caches must not give it to other origins. */
const vary = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method';

/** Whether `text` is `pattern`, whose one `*` stands for any characters, none included. */
function matches(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star === -1) return pattern === text;
  const [start, end] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end);
}

/** Lower-case names of `Access-Control-Request-Headers`. */
function requestedHeaders(headers: RequestHeaders): readonly string[] {
  const text = headers.get('access-control-request-headers') ?? '';
  return text
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}

function allowsHeaders(rule: CorsRule, names: readonly string[]): boolean {
  return names.every((name) =>
    rule.allowedHeaders.some((pattern) => matches(pattern.toLowerCase(), name)),
  );
}

/** The first pattern that lets the origin in, or null. */
function originPattern(rule: CorsRule, origin: string): string | null {
  return rule.allowedOrigins.find((pattern) => matches(pattern, origin)) ?? null;
}

/** What a rule lets a browser do; `pattern` is the one that its origin fits. */
function grantHeaders(rule: CorsRule, pattern: string, origin: string): CorsHeaders {
  return {
    // Only an origin that is named may send cookies and the like.
    ...(pattern === '*'
      ? { 'access-control-allow-origin': '*' }
      : {
          'access-control-allow-origin': origin,
          'access-control-allow-credentials': 'true',
        }),
    'access-control-allow-methods': rule.allowedMethods.join(', '),
    ...(rule.exposeHeaders.length > 0 && {
      'access-control-expose-headers': rule.exposeHeaders.join(', '),
    }),
    ...(rule.maxAgeSeconds !== undefined && {
      'access-control-max-age': String(rule.maxAgeSeconds),
    }),
  };
}

/**
 * Headers of the answer to a request that comes from a page of `origin`, errors included. Without
 * a rule for it, nothing but `Vary` is said, and the browser keeps the answer from the page.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
 */
export function corsHeaders(
  rules: readonly CorsRule[],
  request: { readonly method: string; readonly origin: string; readonly headers: RequestHeaders },
): CorsHeaders {
  const { origin, headers } = request;
  // AWS judges by the announced method also where it is no preflight.
  const method = headers.get('access-control-request-method') ?? request.method;
  for (const rule of rules) {
    const pattern = originPattern(rule, origin);
    if (pattern === null || !rule.allowedMethods.includes(method)) continue;
    return { ...grantHeaders(rule, pattern, origin), vary };
  }
  return { vary };
}

/** Headers that let a browser send what it asks for in a preflight request; null for none. */
export function preflightHeaders(
  rules: readonly CorsRule[],
  request: { readonly method: string; readonly origin: string; readonly headers: RequestHeaders },
): CorsHeaders | null {
  const names = requestedHeaders(request.headers);
  for (const rule of rules) {
    const pattern = originPattern(rule, request.origin);
    if (pattern === null || !rule.allowedMethods.includes(request.method)) continue;
    if (!allowsHeaders(rule, names)) continue;
    return {
      ...grantHeaders(rule, pattern, request.origin),
      ...(names.length > 0 && { 'access-control-allow-headers': names.join(', ') }),
      vary,
    };
  }
  return null;
}
