import type { PolicyRequest } from '../access-request.ts';
import { type Certainty, certainty, least, maybe, no } from './certainty.ts';
import { allHold, type Condition } from './condition.ts';
import { awaitsObject } from './condition-keys.ts';
import { compileGlob, parseGlob } from './glob.ts';
import { compilePattern, hasObjectVariable } from './pattern.ts';
import { coversCaller, type Principals } from './principals.ts';

export type Effect = 'Allow' | 'Deny';

/** One statement as it was written, and whether it speaks of a request. */
export interface Statement {
  readonly sid: string | null;
  readonly effect: Effect;
  /** Null in identity policies, which speak of whom they are attached to. */
  readonly principals: { readonly of: Principals; readonly isNot: boolean } | null;
  readonly actions: { readonly texts: readonly string[]; readonly isNot: boolean };
  readonly resources: { readonly texts: readonly string[]; readonly isNot: boolean };
  readonly conditions: readonly Condition[];
  readonly covers: (request: PolicyRequest) => Certainty;
}

type StatementParts = Omit<Statement, 'covers'>;

export function compileStatement(parts: StatementParts, hasVariables: boolean): Statement {
  const { principals, actions, resources, conditions } = parts;
  const coversAction = compileActions(actions.texts);
  const patterns = resources.texts.map((text) =>
    compilePattern(text, { hasWildcards: true, hasVariables }),
  );
  const needsObject = resources.texts.some((text) => hasObjectVariable(text, hasVariables));
  const covers = (request: PolicyRequest): Certainty => {
    if (coversAction(request.action) === actions.isNot) return no;
    if (principals && coversCaller(principals.of, request.caller) === principals.isNot) return no;
    if (needsObject && awaitsObject(request)) return maybe;
    const fits = patterns.some((pattern) => pattern(request.resource, request));
    return least(certainty(fits !== resources.isNot), allHold(conditions, request));
  };
  return { ...parts, covers };
}

/** AWS does not tell the case of actions apart. What was asked once is remembered: there are few. */
function compileActions(texts: readonly string[]): (action: string) => boolean {
  const globs = texts.map((text) => compileGlob(parseGlob(text.toLowerCase())));
  const known = new Map<string, boolean>();
  return (action) => {
    let covered = known.get(action);
    if (covered === undefined) {
      const name = action.toLowerCase();
      covered = globs.some((matches) => matches(name));
      known.set(action, covered);
    }
    return covered;
  };
}
