import { type CorsRule, checkCorsRules, corsMaxAgeSecondsMax } from '../../core/cors-rules.ts';
import { GatewayError } from '../../core/errors.ts';
import type { XmlContent, XmlElement } from '../xml.ts';

/** Reads a CORSConfiguration. Throws `MalformedXML` or `InvalidRequest`, as AWS does. */
export function parseCorsConfiguration(configuration: XmlElement): readonly CorsRule[] {
  const elements = configuration.list('CORSRule');
  if (elements.length === 0 || elements.length !== configuration.children.length) {
    throw malformed();
  }
  const rules = elements.map(parseRule);
  checkCorsRules(rules);
  return rules;
}

const ruleElements: ReadonlySet<string> = new Set([
  'ID',
  'AllowedOrigin',
  'AllowedMethod',
  'AllowedHeader',
  'ExposeHeader',
  'MaxAgeSeconds',
]);

function parseRule(rule: XmlElement): CorsRule {
  if (rule.children.some(({ name }) => !ruleElements.has(name))) throw malformed();
  const textsOf = (name: string) => rule.list(name).map(({ text }) => text.trim());
  const id = rule.textOf('ID');
  const allowedOrigins = textsOf('AllowedOrigin');
  const allowedMethods = textsOf('AllowedMethod');
  if (allowedOrigins.length === 0 || allowedMethods.length === 0) throw malformed();
  const maxAgeSeconds = parseMaxAge(rule.textOf('MaxAgeSeconds'));
  return {
    ...(id !== null && { id }),
    allowedOrigins,
    allowedMethods,
    allowedHeaders: textsOf('AllowedHeader'),
    exposeHeaders: textsOf('ExposeHeader'),
    ...(maxAgeSeconds !== null && { maxAgeSeconds }),
  };
}

function parseMaxAge(text: string | null): number | null {
  if (text === null) return null;
  const seconds = /^\s*\d{1,10}\s*$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= corsMaxAgeSecondsMax) return seconds;
  throw malformed();
}

/** Children of a CORSConfiguration. */
export function renderCorsRules(rules: readonly CorsRule[]): {
  readonly [name: string]: XmlContent;
} {
  return {
    CORSRule: rules.map((rule) => ({
      ID: rule.id,
      AllowedMethod: rule.allowedMethods,
      AllowedOrigin: rule.allowedOrigins,
      AllowedHeader: rule.allowedHeaders,
      ExposeHeader: rule.exposeHeaders,
      MaxAgeSeconds: rule.maxAgeSeconds,
    })),
  };
}

function malformed(): GatewayError {
  return new GatewayError('MalformedXML');
}
