import type { PolicyRequest } from '../access-request.ts';
import { type Certainty, greatest, no, yes } from './certainty.ts';
import type { Statement } from './statement.ts';

/** Whether statements name whom they speak of, or are attached to a user. */
export type PolicyKind = 'bucket' | 'identity';

/** A policy document, ready to be asked. */
export interface Policy {
  readonly statements: readonly Statement[];
}

/** What the statements of a policy say together. */
export interface PolicyAnswer {
  readonly allow: Certainty;
  readonly deny: Certainty;
}

export const silent: PolicyAnswer = { allow: no, deny: no };

export function askPolicy({ statements }: Policy, request: PolicyRequest): PolicyAnswer {
  let allow: Certainty = no;
  let deny: Certainty = no;
  for (const statement of statements) {
    const isAllow = statement.effect === 'Allow';
    // One statement is enough: whatever else the policy says cannot take it back.
    if (isAllow && allow === yes) continue;
    const covers = statement.covers(request);
    if (isAllow) allow = greatest(allow, covers);
    else deny = greatest(deny, covers);
    if (deny === yes) break;
  }
  return { allow, deny };
}
