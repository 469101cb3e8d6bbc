import { BucketSetting } from './bucket-settings.ts';
import { GatewayError } from './errors.ts';

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

/** What PutBucketCors stored, or another door's operation of that kind. */
export const corsRules = new BucketSetting<readonly CorsRule[]>('cors');

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html */
const ruleCountMax = 100;
const idLengthMax = 255;
const methods: ReadonlySet<string> = new Set(['GET', 'PUT', 'HEAD', 'POST', 'DELETE']);

/** The most that a rule may say of `Access-Control-Max-Age`, in seconds. */
export const corsMaxAgeSecondsMax = 2_147_483_647;

/** Throws `InvalidRequest` for what a rule must not say, in AWS's words. */
export function checkCorsRules(rules: readonly CorsRule[]): void {
  if (rules.length > ruleCountMax) {
    throw invalid(
      `The number of CORS rules should not exceed allowed limit of ${ruleCountMax} rules.`,
    );
  }
  for (const rule of rules) checkCorsRule(rule);
}

function checkCorsRule(rule: CorsRule): void {
  if (rule.id !== undefined && rule.id.length > idLengthMax) {
    throw invalid(`The ID of a rule must not be longer than ${idLengthMax} characters.`);
  }
  for (const method of rule.allowedMethods) {
    if (methods.has(method)) continue;
    throw invalid(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`);
  }
  for (const origin of rule.allowedOrigins) checkWildcards('AllowedOrigin', origin);
  for (const header of rule.allowedHeaders) checkWildcards('AllowedHeader', header);
  for (const header of rule.exposeHeaders) checkExposed(header);
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

function invalid(message: string): GatewayError {
  return new GatewayError('InvalidRequest', { message });
}
