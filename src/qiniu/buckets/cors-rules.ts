import { type CorsRule, checkCorsRules, corsMaxAgeSecondsMax } from '../../core/cors-rules.ts';
import { invalidArgument, isJsonObject, type JsonObject, memberOf } from './json-members.ts';

/** Every answer may say this much to any page; S3's rules have to name it. */
const alwaysExposed: ReadonlySet<string> = new Set(['x-log', 'x-reqid']);

/**
 * CORS rules as Kodo writes them, a JSON array, in S3's form, in which both doors keep them. Throws
 * `InvalidArgument` or `InvalidRequest`.
 */
export function parseKodoCorsRules(text: string): readonly CorsRule[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidArgument('the rules are no JSON');
  }
  if (!Array.isArray(value)) throw invalidArgument('the rules are no array');
  const rules = value.map((rule: unknown) => {
    if (!isJsonObject(rule)) throw invalidArgument('a rule is no object');
    return parseRule(rule);
  });
  checkCorsRules(rules);
  return rules;
}

function parseRule(rule: JsonObject): CorsRule {
  const allowedOrigins = textsOf(rule, 'allowed_origin');
  const methods = textsOf(rule, 'allowed_method').map((method) => method.toUpperCase());
  if (allowedOrigins.length === 0) throw invalidArgument('allowed_origin is empty');
  if (methods.length === 0) throw invalidArgument('allowed_method is empty');
  const maxAgeSeconds = maxAgeOf(rule);
  return {
    allowedOrigins,
    // Browsers ask with OPTIONS for what they want to send; they never want to send OPTIONS.
    allowedMethods: methods.filter((method) => method !== 'OPTIONS'),
    allowedHeaders: textsOf(rule, 'allowed_header'),
    exposeHeaders: textsOf(rule, 'exposed_header'),
    ...(maxAgeSeconds > 0 && { maxAgeSeconds }),
  };
}

function textsOf(rule: JsonObject, name: string): readonly string[] {
  const value = memberOf(rule, name) ?? [];
  const isTexts = Array.isArray(value) && value.every((each) => typeof each === 'string');
  if (!isTexts) throw invalidArgument(`${name} is no array of texts`);
  return value.map((each: string) => each.trim()).filter((each) => each !== '');
}

function maxAgeOf(rule: JsonObject): number {
  const value = Number(memberOf(rule, 'max_age') ?? 0);
  if (Number.isInteger(value) && value >= 0 && value <= corsMaxAgeSecondsMax) return value;
  throw invalidArgument('max_age is no number of seconds');
}

/** The rules of a bucket as Kodo writes them. */
export function renderKodoCorsRules(rules: readonly CorsRule[]) {
  return rules.map((rule) => ({
    allowed_origin: rule.allowedOrigins,
    allowed_method: rule.allowedMethods,
    allowed_header: rule.allowedHeaders,
    exposed_header: rule.exposeHeaders,
    max_age: rule.maxAgeSeconds ?? 0,
  }));
}

/** What a rule lets pages read, with what Kodo lets every page read. */
export function withAlwaysExposed(headers: string | undefined): string {
  const named = (headers ?? '').split(',').map((name) => name.trim());
  const others = named.filter((name) => name !== '' && !alwaysExposed.has(name.toLowerCase()));
  return ['X-Log', 'X-Reqid', ...others].join(', ');
}
