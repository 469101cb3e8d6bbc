import type { PolicyRequest } from '../access-request.ts';
import { type Certainty, certainty, least, maybe, no, yes } from './certainty.ts';
import { awaitsObject, type ConditionKey, findConditionKey } from './condition-keys.ts';
import { isRecord, textsOf } from './json-values.ts';
import { malformedPolicy } from './malformed-policy.ts';
import { type Comparison, findOperator } from './operators.ts';
import { hasObjectVariable } from './pattern.ts';

/** One operator with one key and the texts that the policy gives for it. */
export interface Condition {
  /** As the policy writes them, for those who ask why. */
  readonly operator: string;
  readonly key: string;
  readonly texts: readonly string[];
  readonly holds: (request: PolicyRequest) => Certainty;
}

/** What a set of values has to be for a set operator, or for none. */
type Quantifier = 'all' | 'any' | null;

/** All must hold. */
export function allHold(conditions: readonly Condition[], request: PolicyRequest): Certainty {
  let result: Certainty = yes;
  for (const condition of conditions) {
    result = least(result, condition.holds(request));
    if (result === no) break;
  }
  return result;
}

/** A `Condition` element. Throws `MalformedPolicy`. */
export function parseConditions(block: unknown, hasVariables: boolean): readonly Condition[] {
  if (block === undefined) return [];
  if (!isRecord(block)) throw malformedPolicy('Invalid policy syntax.');
  return Object.entries(block).flatMap(([operator, byKey]) => {
    if (!isRecord(byKey)) throw malformedPolicy('Invalid policy syntax.');
    return Object.entries(byKey).map(([key, value]) => {
      const read = findConditionKey(key);
      if (read === null) throw malformedPolicy(`Policy has an invalid condition key: ${key}`);
      const texts = textsOf(value);
      if (texts === null) throw malformedPolicy('Invalid policy syntax.');
      return { operator, key, texts, holds: compileCondition(operator, read, texts, hasVariables) };
    });
  });
}

function compileCondition(
  operatorName: string,
  key: ConditionKey,
  texts: readonly string[],
  hasVariables: boolean,
): Condition['holds'] {
  const { quantifier, name, ifExists } = splitName(operatorName);
  if (name.toLowerCase() === 'null' && quantifier === null && !ifExists) {
    return compileNull(key, texts);
  }
  const operator = findOperator(name);
  if (operator === null) throw malformedPolicy(`Invalid Condition type : ${operatorName}`);
  const comparisons = texts.map((text) => operator.compile(text, hasVariables));
  const fits = fitsOne(comparisons, operator.isNegated);
  // Nothing to compare: `ForAllValues` finds no value that fails, and negated operators hold.
  const holdsWithout = ifExists || quantifier === 'all' || (operator.isNegated && !quantifier);
  const everyValue = quantifier === 'all' || (quantifier === null && operator.isNegated);
  const needsObject = texts.some((text) => hasObjectVariable(text, hasVariables));
  return (request) => {
    const values = key(request);
    if (values === undefined || (needsObject && awaitsObject(request))) return maybe;
    if (values === null || values.length === 0) return certainty(holdsWithout);
    const fitsRequest = (value: string) => fits(value, request);
    return certainty(everyValue ? values.every(fitsRequest) : values.some(fitsRequest));
  };
}

function fitsOne(comparisons: readonly Comparison[], isNegated: boolean): Comparison {
  return (value, request) =>
    comparisons.some((comparison) => comparison(value, request)) !== isNegated;
}

/** `"Null": {"key": "true"}` wants that there is no value. */
function compileNull(key: ConditionKey, texts: readonly string[]): Condition['holds'] {
  const wanted = texts.map((text) => text.toLowerCase());
  if (wanted.some((text) => text !== 'true' && text !== 'false')) {
    throw malformedPolicy('Invalid boolean value in condition: Null takes true or false');
  }
  return (request) => {
    const values = key(request);
    if (values === undefined) return maybe;
    const isAbsent = values === null || values.length === 0;
    return certainty(wanted.includes(String(isAbsent)));
  };
}

function splitName(operatorName: string): {
  readonly quantifier: Quantifier;
  readonly name: string;
  readonly ifExists: boolean;
} {
  const match = /^(?:(ForAllValues|ForAnyValue):)?(.*?)(IfExists)?$/i.exec(operatorName);
  const [, set = '', name = '', suffix] = match ?? [];
  const quantifiers: Readonly<Record<string, Quantifier>> = {
    forallvalues: 'all',
    foranyvalue: 'any',
  };
  const quantifier = quantifiers[set.toLowerCase()] ?? null;
  return { quantifier, name, ifExists: suffix !== undefined };
}
