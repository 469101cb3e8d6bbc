import { BucketSetting } from '../../core/bucket-settings.ts';
import { GatewayError } from '../../core/errors.ts';
import type { XmlContent, XmlElement } from '../xml.ts';

/** Who may do what from a page of another origin; the first rule that fits a request decides. */
export interface CorsRule {
  readonly id?: string;
  /** Each with one `*` at most, which stands for any characters. */
  readonly allowedOrigins: readonly string[];
  readonly allowedMethods: readonly string[];
  /** As the origins; compared without regard to case. */
  readonly allowedHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds?: number;
}

/** What PutBucketCors stored. */
export const corsRules = new BucketSetting<readonly CorsRule[]>('cors');

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html */
const ruleCountMax = 100;
const idLengthMax = 255;
const methods: ReadonlySet<string> = new Set(['GET', 'PUT', 'HEAD', 'POST', 'DELETE']);
const maxAgeSecondsMax = 2_147_483_647;

/** Reads a CORSConfiguration. Throws `MalformedXML` or `InvalidRequest`, as AWS does. */
export function parseCorsConfiguration(configuration: XmlElement): readonly CorsRule[] {
  const rules = configuration.list('CORSRule');
  if (rules.length === 0 || rules.length !== configuration.children.length) throw malformed();
  if (rules.length > ruleCountMax) {
    throw invalid(
      `The number of CORS rules should not exceed allowed limit of ${ruleCountMax} rules.`,
    );
  }
  return rules.map(parseRule);
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
  if (id !== null && id.length > idLengthMax) {
    throw invalid(`The ID of a rule must not be longer than ${idLengthMax} characters.`);
  }
  const allowedOrigins = textsOf('AllowedOrigin');
  const allowedMethods = textsOf('AllowedMethod');
  if (allowedOrigins.length === 0 || allowedMethods.length === 0) throw malformed();
  for (const method of allowedMethods) {
    if (methods.has(method)) continue;
    throw invalid(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`);
  }
  const allowedHeaders = textsOf('AllowedHeader');
  for (const origin of allowedOrigins) checkWildcards('AllowedOrigin', origin);
  for (const header of allowedHeaders) checkWildcards('AllowedHeader', header);
  const exposeHeaders = textsOf('ExposeHeader');
  for (const header of exposeHeaders) checkExposed(header);
  const maxAgeSeconds = parseMaxAge(rule.textOf('MaxAgeSeconds'));
  return {
    ...(id !== null && { id }),
    allowedOrigins,
    allowedMethods,
    allowedHeaders,
    exposeHeaders,
    ...(maxAgeSeconds !== null && { maxAgeSeconds }),
  };
}

/** Visible ASCII: what no header could carry would break every answer that the rule decides. */
const headerText = /^[!-~]+$/;
/** RFC 9110, section 5.6.2. */
const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function checkWildcards(element: 'AllowedOrigin' | 'AllowedHeader', text: string): void {
  if (!headerText.test(text)) throw invalid(`${element} "${text}" is not valid.`);
  if (text.split('*').length <= 2) return;
  throw invalid(`${element} "${text}" can not have more than one wildcard.`);
}

function checkExposed(header: string): void {
  if (header.includes('*')) {
    throw invalid(
      `ExposeHeader "${header}" contains wildcard. We currently do not support wildcard for ExposeHeader.`,
    );
  }
  if (!headerName.test(header)) throw invalid(`ExposeHeader "${header}" is not valid.`);
}

function parseMaxAge(text: string | null): number | null {
  if (text === null) return null;
  const seconds = /^\s*\d{1,10}\s*$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= maxAgeSecondsMax) return seconds;
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

function invalid(message: string): GatewayError {
  return new GatewayError('InvalidRequest', { message });
}
