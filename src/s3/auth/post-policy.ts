import { GatewayError } from '../../core/errors.ts';

/** What a form must be so that its signature counts for it. */
export interface PostPolicy {
  readonly expiresAtMs: number;
  readonly conditions: readonly PostCondition[];
}

type PostCondition =
  | {
      readonly kind: 'eq' | 'starts-with';
      /** Lower case. */
      readonly field: string;
      readonly value: string;
      /** As it was written, for the error. */
      readonly source: string;
    }
  | {
      readonly kind: 'content-length-range';
      readonly sizeBytesMin: number;
      readonly sizeBytesMax: number;
    };

/** Bounds on the bytes of the file. */
export interface FileSizeRange {
  readonly min: number;
  readonly max: number;
}

function invalid(problem: string): GatewayError {
  return new GatewayError('InvalidPolicyDocument', { message: `Invalid Policy: ${problem}` });
}

/**
 * Reads a policy in base64. Throws `InvalidPolicyDocument` in AWS's words.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
export function parsePostPolicy(encoded: string): PostPolicy {
  const document = parseDocument(encoded);
  if (!('expiration' in document)) throw invalid('Policy missing expiration.');
  if (!('conditions' in document)) throw invalid('Policy missing conditions.');
  const { expiration, conditions } = document;
  const expiresAtMs = parseExpiration(expiration);
  if (!Array.isArray(conditions)) throw invalid('Conditions must be a list.');
  return { expiresAtMs, conditions: conditions.map(parseCondition) };
}

function parseDocument(encoded: string): { readonly [name: string]: unknown } {
  let document: unknown;
  try {
    const bytes = Buffer.from(encoded, 'base64');
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw invalid('Invalid JSON.');
  }
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
    return document as { readonly [name: string]: unknown };
  }
  throw invalid('Invalid JSON.');
}

function parseExpiration(expiration: unknown): number {
  const isTime =
    typeof expiration === 'string' &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(expiration);
  const timeMs = isTime ? Date.parse(expiration) : Number.NaN;
  if (!Number.isNaN(timeMs)) return timeMs;
  throw invalid(`Invalid 'expiration' value: '${String(expiration)}'`);
}

function parseCondition(condition: unknown): PostCondition {
  const source = JSON.stringify(condition);
  if (Array.isArray(condition)) return parseListCondition(condition, source);
  if (typeof condition !== 'object' || condition === null) {
    throw invalid('Conditions must be either an object or a list.');
  }
  const [property, another] = Object.entries(condition);
  if (!property || another) {
    throw invalid(
      'Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.',
    );
  }
  const [name, value] = property;
  if (typeof value !== 'string') {
    throw invalid('Invalid Simple-Condition: value must be a string.');
  }
  const field = name.toLowerCase();
  return { kind: 'eq', field, value, source: JSON.stringify(['eq', `$${name}`, value]) };
}

function parseListCondition(condition: readonly unknown[], source: string): PostCondition {
  const [operator, first, second] = condition;
  const kind = typeof operator === 'string' ? operator.toLowerCase() : null;
  if (condition.length !== 3) {
    throw invalid(`Invalid ${String(operator)}: conditions must have exactly 3 elements.`);
  }
  if (kind === 'content-length-range') {
    const [sizeBytesMin, sizeBytesMax] = [parseSize(first), parseSize(second)];
    return { kind, sizeBytesMin, sizeBytesMax };
  }
  if (kind !== 'eq' && kind !== 'starts-with') {
    throw invalid(`Invalid Condition: unknown operation '${String(operator)}'.`);
  }
  if (typeof first !== 'string' || !first.startsWith('$') || typeof second !== 'string') {
    throw invalid(`Invalid Condition: ${source} must name a field as $name and a string.`);
  }
  return { kind, field: first.slice(1).toLowerCase(), value: second, source };
}

function parseSize(value: unknown): number {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value));
  const size = isNumber ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(size) && size >= 0) return size;
  throw invalid('Invalid content-length-range: bounds must be whole numbers of bytes.');
}

/**
 * Fields that no condition has to name: the policy cannot hold its own signature, and a checksum
 * can only refuse a file.
 */
function isExempt(field: string): boolean {
  return (
    ['policy', 'signature', 'awsaccesskeyid', 'x-amz-signature', 'file'].includes(field) ||
    field.startsWith('x-ignore-') ||
    field.startsWith('x-amz-checksum-')
  );
}

function refused(problem: string): GatewayError {
  return new GatewayError('AccessDenied', { message: `Invalid according to Policy: ${problem}` });
}

/**
 * Holds a form against its policy; `fields` are by lower-case name, with the bucket among them.
 * Throws `AccessDenied` for a form that is too late, breaks a condition or has a field that none
 * names. The size of the file is left to whoever reads it.
 */
export function checkPostPolicy(
  { expiresAtMs, conditions }: PostPolicy,
  fields: ReadonlyMap<string, string>,
  nowMs: number,
): void {
  if (nowMs >= expiresAtMs) throw refused('Policy expired.');
  const named = new Set<string>();
  for (const condition of conditions) {
    if (condition.kind === 'content-length-range') continue;
    named.add(condition.field);
    if (!holds(condition, fields.get(condition.field))) {
      throw refused(`Policy Condition failed: ${condition.source}`);
    }
  }
  const extra = [...fields.keys()].filter((field) => !named.has(field) && !isExempt(field));
  if (extra.length > 0) throw refused(`Extra input fields: ${extra.join(', ')}`);
}

function holds(
  { kind, field, value }: Exclude<PostCondition, { kind: 'content-length-range' }>,
  given: string | undefined,
): boolean {
  if (given === undefined) return false;
  if (kind === 'eq') return given === value;
  // A list of types: each has to be allowed.
  const values = field === 'content-type' ? given.split(',').map((type) => type.trim()) : [given];
  return values.every((one) => one.startsWith(value));
}

/** The strictest of the policy's ranges. */
export function fileSizeRange({ conditions }: PostPolicy): FileSizeRange {
  let [min, max] = [0, Number.POSITIVE_INFINITY];
  for (const condition of conditions) {
    if (condition.kind !== 'content-length-range') continue;
    min = Math.max(min, condition.sizeBytesMin);
    max = Math.min(max, condition.sizeBytesMax);
  }
  return { min, max };
}
