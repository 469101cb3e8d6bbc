import { ensureQetag } from '../../core/kodo/ensure-qetag.ts';
import { keepsChanging } from '../../core/kodo/entries.ts';
import type { CoreServices } from '../../core/services.ts';
import type { ObjectRecord } from '../../object-index/records.ts';
import { textOf } from '../entry.ts';
import { QiniuError } from '../errors.ts';
import { fromOctets } from '../octets.ts';
import { putTimeOf } from './describe-object.ts';

/** What a change demands of the object that it is done to. */
export type ObjectCondition = ReadonlyMap<string, string>;

const conditionNames: ReadonlySet<string> = new Set(['hash', 'mime', 'fsize', 'putTime']);

/** `hash=…&mime=…&fsize=…&putTime=…`, any of them, in base64. Throws 400. */
export function conditionOf(encoded: string | undefined): ObjectCondition {
  const condition = new Map<string, string>();
  if (encoded === undefined) return condition;
  for (const pair of textOf(encoded).split('&')) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals);
    if (equals === -1 || !conditionNames.has(name)) {
      throw new QiniuError(400, 'invalid argument: cond');
    }
    condition.set(name, decoded(pair.slice(equals + 1)));
  }
  return condition;
}

/** Some clients encode the values as those of a form, which changes no hash and no number. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Throws 608 when the object is not what was demanded. */
export async function checkCondition(
  core: CoreServices,
  condition: ObjectCondition,
  object: ObjectRecord,
): Promise<void> {
  const facts: Readonly<Record<string, string>> = {
    mime: fromOctets(object.headers['content-type'] ?? 'application/octet-stream'),
    fsize: String(object.size),
    putTime: String(putTimeOf(object.lastModifiedMs)),
  };
  for (const [name, value] of condition) {
    const actual = name === 'hash' ? await hashOf(core, object) : facts[name];
    if (actual !== value) throw new QiniuError(608, 'content modified');
  }
}

async function hashOf(core: CoreServices, object: ObjectRecord): Promise<string> {
  const hash = await ensureQetag(core, object);
  if (hash === null) throw keepsChanging();
  return hash;
}
