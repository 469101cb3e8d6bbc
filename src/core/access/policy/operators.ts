import type { PolicyRequest } from '../access-request.ts';
import { includesIp, parseIp, parseIpRange } from './ip-range.ts';
import { malformedPolicy } from './malformed-policy.ts';
import { compilePattern, type TextPattern } from './pattern.ts';

/** Compares one value of a request with one text of a policy. */
export type Comparison = TextPattern;

export interface Operator {
  /** Throws `MalformedPolicy` for a text that it cannot compare with. */
  readonly compile: (text: string, hasVariables: boolean) => Comparison;
  /** True for `…Not…`: no text of the policy may fit, and nothing to compare is fine. */
  readonly isNegated: boolean;
}

type Compile = Operator['compile'];

const stringEquals: Compile = (text, hasVariables) =>
  compilePattern(text, { hasWildcards: false, hasVariables });

const stringEqualsIgnoreCase: Compile = (text, hasVariables) =>
  compilePattern(text, { hasWildcards: false, hasVariables, ignoresCase: true });

const stringLike: Compile = (text, hasVariables) =>
  compilePattern(text, { hasWildcards: true, hasVariables });

/** By lower-case name, without `IfExists` and the prefixes for sets. */
const operators: ReadonlyMap<string, Operator> = new Map([
  ...bothWays('string', 'equals', stringEquals),
  ...bothWays('string', 'equalsignorecase', stringEqualsIgnoreCase),
  ...bothWays('string', 'like', stringLike),
  ...bothWays('arn', 'equals', arnLike),
  ...bothWays('arn', 'like', arnLike),
  ...comparisons('numeric', parseNumber),
  ...comparisons('date', parseDate),
  ['bool', { compile: bool, isNegated: false }],
  ['binaryequals', { compile: binaryEquals, isNegated: false }],
  ['ipaddress', { compile: ipAddress, isNegated: false }],
  ['notipaddress', { compile: ipAddress, isNegated: true }],
]);

/**
 * Null for a name that is no operator.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function findOperator(name: string): Operator | null {
  return operators.get(name.toLowerCase()) ?? null;
}

function bothWays(kind: string, name: string, compile: Compile): [string, Operator][] {
  return [
    [`${kind}${name}`, { compile, isNegated: false }],
    [`${kind}not${name}`, { compile, isNegated: true }],
  ];
}

/** What can be ordered. */
function comparisons(kind: string, parse: (text: string) => number | null): [string, Operator][] {
  const compileWith =
    (holds: (value: number, bound: number) => boolean): Compile =>
    (text) => {
      const bound = parse(text);
      if (bound === null) throw malformedPolicy(`Invalid ${kind} value in condition: ${text}`);
      return (valueText) => {
        const value = parse(valueText);
        return value !== null && holds(value, bound);
      };
    };
  const ordered = (name: string, holds: (value: number, bound: number) => boolean) =>
    [`${kind}${name}`, { compile: compileWith(holds), isNegated: false }] as [string, Operator];
  return [
    ...bothWays(
      kind,
      'equals',
      compileWith((value, bound) => value === bound),
    ),
    ordered('lessthan', (value, bound) => value < bound),
    ordered('lessthanequals', (value, bound) => value <= bound),
    ordered('greaterthan', (value, bound) => value > bound),
    ordered('greaterthanequals', (value, bound) => value >= bound),
  ];
}

function parseNumber(text: string): number | null {
  return /^[+-]?\d{1,300}(\.\d{1,300})?$/.test(text) ? Number(text) : null;
}

const datePattern = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** A date of ISO 8601, UTC without a zone, or seconds since 1970; in ms. */
function parseDate(text: string): number | null {
  if (/^-?\d{1,12}(\.\d{1,9})?$/.test(text)) return Number(text) * 1000;
  const match = datePattern.exec(text);
  if (!match) return null;
  const isZoned = match[1] === undefined || match[4] !== undefined;
  const ms = Date.parse(isZoned ? text : `${text}Z`);
  return Number.isNaN(ms) ? null : ms;
}

function bool(text: string): Comparison {
  const wanted = text.toLowerCase();
  if (wanted !== 'true' && wanted !== 'false') {
    throw malformedPolicy(`Invalid boolean value in condition: ${text}`);
  }
  return (value) => value.toLowerCase() === wanted;
}

/** The policy has the bytes in base64. */
function binaryEquals(text: string): Comparison {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw malformedPolicy(`Invalid binary value in condition: ${text}`);
  }
  const bytes = Buffer.from(text, 'base64');
  return (value) => bytes.equals(Buffer.from(value));
}

function ipAddress(text: string): Comparison {
  const range = parseIpRange(text);
  if (range === null) throw malformedPolicy(`Invalid IP address in Conditions: ${text}`);
  return (value) => {
    const ip = parseIp(value);
    return ip !== null && includesIp(range, ip);
  };
}

/** The six parts between colons each for itself, so that no `*` reaches over a colon. */
function arnLike(text: string, hasVariables: boolean): Comparison {
  const patterns = arnParts(text, /\$\{[^}]*\}|:/g)?.map((part) => stringLike(part, hasVariables));
  if (!patterns) throw malformedPolicy(`Invalid ARN in condition: ${text}`);
  return (value: string, request: PolicyRequest) => {
    const parts = arnParts(value, /:/g);
    return parts?.every((part, position) => patterns[position]?.(part, request)) ?? false;
  };
}

/** `arn:partition:service:region:account:resource`; the resource may have more colons. */
function arnParts(text: string, token: RegExp): readonly string[] | null {
  const parts: string[] = [];
  let start = 0;
  for (const { 0: found, index } of text.matchAll(token)) {
    // Colons of a variable's name divide nothing.
    if (found !== ':' || parts.length === 5) continue;
    parts.push(text.slice(start, index));
    start = index + 1;
  }
  parts.push(text.slice(start));
  if (parts.length === 1 && text === '*') return ['*', '*', '*', '*', '*', '*'];
  return parts.length === 6 ? parts : null;
}
