import { GatewayError } from '../../core/errors.ts';
import type { ExpiryRule } from '../../core/expiry-rules.ts';
import { invalidArgument } from './json-members.ts';

/** Rules of one bucket. */
const ruleCountMax = 50;
const daysMax = 36_500;
const prefixBytesMax = 750;

const namePattern = /^[A-Za-z0-9_-]{1,50}$/;

/** Days until objects change their storage class; they are kept and told, and nothing is done. */
const transitionFields = [
  'to_line_after_days',
  'to_archive_ir_after_days',
  'to_archive_after_days',
  'to_deep_archive_after_days',
] as const;

/** About versions of objects, which Kodo's API has no other word for. */
const historyFields = ['history_delete_after_days', 'history_to_line_after_days'] as const;

/** Fields of a form, or parameters of a query. */
export interface Fields {
  get(name: string): string | null;
}

/** The rules of a bucket with a new one. Throws 400, also for a name or a prefix that is in use. */
export function withAddedRule(
  rules: readonly ExpiryRule[],
  fields: Fields,
  nowMs: number,
): readonly ExpiryRule[] {
  const rule = readRule(fields, nowMs);
  if (rules.length >= ruleCountMax) throw invalidArgument(`more than ${ruleCountMax} rules`);
  refuseRepeated(rules, rule);
  return [...rules, rule];
}

/** Replaces the rule of that name. Throws 400, and 612 where there is none. */
export function withUpdatedRule(
  rules: readonly ExpiryRule[],
  fields: Fields,
): readonly ExpiryRule[] {
  const current = findRule(rules, fields);
  const rule = readRule(fields, current.createdAtMs);
  refuseRepeated(
    rules.filter((each) => each !== current),
    rule,
  );
  return rules.map((each) => (each === current ? rule : each));
}

/** Throws 612 where there is none of that name. */
export function withoutRule(rules: readonly ExpiryRule[], fields: Fields): readonly ExpiryRule[] {
  const current = findRule(rules, fields);
  return rules.filter((each) => each !== current);
}

/** `/rules/get`. */
export function renderRules(rules: readonly ExpiryRule[]) {
  return rules.map(({ name, prefix, deleteAfterDays, transitions, createdAtMs }) => ({
    name,
    prefix,
    delete_after_days: deleteAfterDays,
    ...Object.fromEntries(transitionFields.map((field) => [field, transitions[field] ?? 0])),
    ...Object.fromEntries(historyFields.map((field) => [field, 0])),
    ctime: new Date(createdAtMs).toISOString(),
  }));
}

function readRule(fields: Fields, createdAtMs: number): ExpiryRule {
  const name = fields.get('name') ?? '';
  if (!namePattern.test(name)) throw invalidArgument('name has letters, digits, - and _, up to 50');
  const prefix = fields.get('prefix') ?? '';
  if (Buffer.byteLength(prefix) > prefixBytesMax || prefix.includes('\0')) {
    throw invalidArgument('prefix is no beginning of a key');
  }
  for (const field of historyFields) {
    if (daysOf(fields, field) === 0) continue;
    throw new GatewayError('NotImplemented', {
      message: `${field} is not supported by this gateway`,
    });
  }
  const transitions = transitionFields.flatMap((field) => {
    const days = daysOf(fields, field);
    return days === 0 ? [] : [[field, days] as const];
  });
  const deleteAfterDays = daysOf(fields, 'delete_after_days');
  if (deleteAfterDays === 0 && transitions.length === 0) {
    throw invalidArgument('the rule does nothing');
  }
  return {
    name,
    prefix,
    deleteAfterDays,
    transitions: Object.fromEntries(transitions),
    createdAtMs,
  };
}

function daysOf(fields: Fields, name: string): number {
  const text = fields.get(name)?.trim() || '0';
  // Some SDKs say -1 where they mean that nothing is to be done.
  if (text === '-1') return 0;
  const days = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (days <= daysMax) return days;
  throw invalidArgument(`${name} is no number of days`);
}

function findRule(rules: readonly ExpiryRule[], fields: Fields): ExpiryRule {
  const found = rules.find(({ name }) => name === fields.get('name'));
  if (found) return found;
  throw new GatewayError('NoSuchEntity', { message: 'no such rule' });
}

function refuseRepeated(rules: readonly ExpiryRule[], { name, prefix }: ExpiryRule): void {
  if (rules.some((each) => each.name === name)) throw invalidArgument('rule name exists');
  if (rules.some((each) => each.prefix === prefix)) throw invalidArgument('rule prefix exists');
}
