import { parseConditions } from './condition.ts';
import { findDuplicateKey } from './duplicate-keys.ts';
import { isRecord, stringsOf } from './json-values.ts';
import { malformedPolicy } from './malformed-policy.ts';
import { parsePrincipals } from './parse-principals.ts';
import type { Policy, PolicyKind } from './policy.ts';
import { compileStatement, type Effect, type Statement } from './statement.ts';

/** Of the document as UTF-8; AWS's limit for bucket policies. */
export const policySizeBytesMax = 20 * 1024;

/** The version that knows policy variables. */
const currentVersion = '2012-10-17';
const versions: readonly unknown[] = [currentVersion, '2008-10-17'];

const policyFields = new Set(['Version', 'Id', 'Statement']);
const statementFields = new Set([
  ...['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction'],
  ...['Resource', 'NotResource', 'Condition'],
]);

/**
 * A policy document in AWS's language. Throws `MalformedPolicy` for whatever could not be meant so.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export function parsePolicy(text: string, kind: PolicyKind): Policy {
  if (Buffer.byteLength(text) > policySizeBytesMax) {
    throw malformedPolicy(
      `Policy exceeds the maximum allowed document size of ${policySizeBytesMax} bytes.`,
    );
  }
  const document = parseObject(text);
  refuseUnknownFields(document, policyFields);
  const { Version: version = '2008-10-17', Id: id = '', Statement: list } = document;
  if (!versions.includes(version)) {
    throw malformedPolicy('The policy must contain a valid version string');
  }
  if (typeof id !== 'string') throw malformedPolicy('Invalid policy syntax.');
  if (list === undefined) throw malformedPolicy('Missing required field Statement');
  const sources: readonly unknown[] = Array.isArray(list) ? list : [list];
  if (sources.length === 0)
    throw malformedPolicy('Could not parse the policy: Statement is empty!');
  const hasVariables = version === currentVersion;
  const statements = sources.map((source) => parseStatement(source, kind, hasVariables));
  refuseRepeatedSids(statements);
  return { statements };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  const invalid = "Policies must be valid JSON and the first byte must be '{'";
  if (!text.startsWith('{')) throw malformedPolicy(invalid);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformedPolicy(invalid);
  }
  // JSON.parse would quietly keep the last one, which may be the one that allows more.
  const repeated = findDuplicateKey(text);
  if (repeated !== null) throw malformedPolicy(`Duplicate field ${repeated}`);
  if (!isRecord(value)) throw malformedPolicy(invalid);
  return value;
}

function refuseUnknownFields(
  source: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
): void {
  const unknown = Object.keys(source).find((name) => !known.has(name));
  if (unknown !== undefined) throw malformedPolicy(`Unknown field ${unknown}`);
}

function parseStatement(source: unknown, kind: PolicyKind, hasVariables: boolean): Statement {
  if (!isRecord(source)) throw malformedPolicy('Invalid policy syntax.');
  refuseUnknownFields(source, statementFields);
  const { Sid: sid = null, Effect: effectText, Condition: condition } = source;
  if (sid !== null && typeof sid !== 'string') throw malformedPolicy('Invalid policy syntax.');
  const effect = parseEffect(effectText);
  return compileStatement(
    {
      sid: sid === '' ? null : sid,
      effect,
      principals: parsePrincipals(source, kind, effect),
      actions: parseChoice(source, 'Action', (text) => text === '*' || actionPattern.test(text)),
      resources: parseChoice(source, 'Resource', (text) => text === '*' || isArn(text)),
      conditions: parseConditions(condition, hasVariables),
    },
    hasVariables,
  );
}

/** `vendor:Action`, wildcards in both. */
const actionPattern = /^[a-z0-9*?-]+:[a-zA-Z0-9*?]+$/i;

/** Wildcards may stand for whole parts of it, as in `arn:aws:s3*`. */
function isArn(text: string): boolean {
  return text.startsWith('arn:');
}

function parseEffect(value: unknown): Effect {
  if (value === undefined) throw malformedPolicy('Missing required field Effect');
  if (value === 'Allow' || value === 'Deny') return value;
  // Nothing else is shown: there are objects and deep lists of which no text can be made.
  throw malformedPolicy(typeof value === 'string' ? `Invalid effect: ${value}` : 'Invalid effect');
}

/** One of an element and its `Not…` twin. */
function parseChoice(
  source: Readonly<Record<string, unknown>>,
  name: 'Action' | 'Resource',
  isValid: (text: string) => boolean,
): { readonly texts: readonly string[]; readonly isNot: boolean } {
  const { [name]: plain, [`Not${name}`]: negated } = source;
  if (plain !== undefined && negated !== undefined) throw malformedPolicy('Invalid policy syntax.');
  const value = plain ?? negated;
  if (value === undefined) throw malformedPolicy(`Missing required field ${name}`);
  const texts = stringsOf(value);
  if (!texts?.every(isValid)) throw malformedPolicy(`Policy has invalid ${name.toLowerCase()}`);
  return { texts, isNot: negated !== undefined };
}

function refuseRepeatedSids(statements: readonly Statement[]): void {
  const seen = new Set<string>();
  for (const { sid } of statements) {
    if (sid === null) continue;
    if (seen.has(sid)) throw malformedPolicy(`Duplicate statement id ${sid}`);
    seen.add(sid);
  }
}
