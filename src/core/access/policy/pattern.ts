import type { PolicyRequest } from '../access-request.ts';
import { type ConditionKey, findConditionKey } from './condition-keys.ts';
import { anyText, compileGlob, matchesGlob, parseGlob } from './glob.ts';
import { malformedPolicy } from './malformed-policy.ts';

/** Whether a value fits, for one request. */
export type TextPattern = (value: string, request: PolicyRequest) => boolean;

export interface PatternRules {
  /** Whether `*` and `?` stand for other text. */
  readonly hasWildcards: boolean;
  /** Whether `${aws:username}` stands for what the request says: from version 2012-10-17 on. */
  readonly hasVariables: boolean;
  readonly ignoresCase?: boolean;
}

interface Variable {
  readonly key: ConditionKey;
  /** Stands in where the request says nothing. */
  readonly fallback: string | null;
}

/** What splits a text so that every second part is what stood inside the braces. */
const variablePattern = /\$\{([^{}]{0,256})\}/;

/** `${*}`, `${?}` and `${$}` are these characters themselves. */
const escaped: ReadonlySet<string> = new Set(['*', '?', '$']);

/**
 * A text of a policy that values are compared with. A variable that the request has no value for
 * fits nothing. Throws `MalformedPolicy` for one that does not exist.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export function compilePattern(text: string, rules: PatternRules): TextPattern {
  const fold = rules.ignoresCase ? (value: string) => value.toLowerCase() : null;
  const parts = rules.hasVariables ? splitVariables(text, rules) : [piecesOf(text, rules)];
  const literal = parts.filter((part): part is readonly number[] => !isVariable(part));
  if (literal.length === parts.length) {
    const matches = compileGlob(literal.flat());
    return fold ? (value) => matches(fold(value)) : matches;
  }
  return (value, request) => {
    const pieces = fillIn(parts, request, fold);
    return pieces !== null && matchesGlob(pieces, fold ? fold(value) : value);
  };
}

type PatternPart = readonly number[] | Variable;

function isVariable(part: PatternPart): part is Variable {
  return 'key' in part;
}

function piecesOf(text: string, { hasWildcards, ignoresCase }: PatternRules): readonly number[] {
  const folded = ignoresCase ? text.toLowerCase() : text;
  return hasWildcards ? parseGlob(folded) : literalPieces(folded);
}

function literalPieces(text: string): readonly number[] {
  return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}

function splitVariables(text: string, rules: PatternRules): readonly PatternPart[] {
  return text.split(variablePattern).map((part, position) => {
    if (position % 2 === 0) return piecesOf(part, rules);
    return escaped.has(part) ? literalPieces(part) : parseVariable(part);
  });
}

function parseVariable(text: string): Variable {
  const [name = '', fallback] = text.split(/\s*,\s*'(.*)'\s*$/);
  const key = findConditionKey(name.trim());
  if (key === null) throw malformedPolicy(`Policy has an invalid variable: \${${text}}`);
  return { key, fallback: fallback ?? null };
}

/** Null when the request lacks a value. A value never holds wildcards, whatever it looks like. */
function fillIn(
  parts: readonly PatternPart[],
  request: PolicyRequest,
  fold: ((value: string) => string) | null,
): readonly number[] | null {
  const pieces: number[] = [];
  for (const part of parts) {
    if (!isVariable(part)) {
      for (const piece of part) pieces.push(piece);
      continue;
    }
    const values = part.key(request);
    const value = values?.length === 1 ? values[0] : part.fallback;
    if (value === null || value === undefined) return null;
    for (const piece of literalPieces(fold ? fold(value) : value)) pieces.push(piece);
  }
  return pieces;
}

/** Whether the object, or the document, has to be known before the text can be compared with anything. */
export function hasObjectVariable(text: string, hasVariables: boolean): boolean {
  return hasVariables && /\$\{\s*s3:(existingobjecttag|requestobjecttag|object-lock-)/i.test(text);
}

/** As a text with wildcards alone: variables stand for anything. */
export function widestPieces(text: string): readonly number[] {
  return text.split(variablePattern).flatMap((part, position) => {
    if (position % 2 === 0) return [...parseGlob(part)];
    return escaped.has(part) ? [...literalPieces(part)] : [anyText];
  });
}
