import { isRecord, stringsOf } from './json-values.ts';
import { malformedPolicy } from './malformed-policy.ts';
import type { PolicyKind } from './policy.ts';
import { isPrincipalName, type Principals } from './principals.ts';
import type { Effect, Statement } from './statement.ts';

/** AWS services and identity providers: nobody here can be one, but policies may name them. */
const foreignKinds: ReadonlySet<string> = new Set(['Service', 'Federated']);

/** `Principal` or `NotPrincipal`; null in identity policies. Throws `MalformedPolicy`. */
export function parsePrincipals(
  source: Readonly<Record<string, unknown>>,
  kind: PolicyKind,
  effect: Effect,
): Statement['principals'] {
  const { Principal: plain, NotPrincipal: negated } = source;
  if (kind === 'identity') {
    if (plain === undefined && negated === undefined) return null;
    throw malformedPolicy('Policy document should not specify a principal.');
  }
  if (plain !== undefined && negated !== undefined) throw malformedPolicy('Invalid policy syntax.');
  if (plain === undefined && negated === undefined) {
    throw malformedPolicy('Missing required field Principal');
  }
  if (negated !== undefined && effect === 'Allow') {
    throw malformedPolicy('Allow with NotPrincipal is not allowed.');
  }
  return { of: parseNames(plain ?? negated), isNot: negated !== undefined };
}

const invalid = () => malformedPolicy('Invalid principal in policy');

function parseNames(value: unknown): Principals {
  if (value === '*') return { isEveryone: true, names: new Set() };
  if (!isRecord(value) || Object.keys(value).length === 0) throw invalid();
  let isEveryone = false;
  const names = new Set<string>();
  for (const [kind, given] of Object.entries(value)) {
    const texts = stringsOf(given);
    if (!texts) throw invalid();
    if (foreignKinds.has(kind)) continue;
    if (kind !== 'AWS' && kind !== 'CanonicalUser') throw invalid();
    for (const text of texts) {
      if (kind === 'AWS' && text === '*') isEveryone = true;
      else if (isPrincipalName(text)) names.add(text);
      else throw invalid();
    }
  }
  return { isEveryone, names };
}
