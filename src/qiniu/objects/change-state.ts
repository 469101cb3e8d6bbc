import { changeEntry } from '../../core/kodo/change-entry.ts';
import { getEntry } from '../../core/kodo/entries.ts';
import { storageClassOf } from '../../core/kodo/storage-types.ts';
import { expiryAfterDays } from '../../core/local-time.ts';
import { objectEntryOf, pairsOf } from '../entry.ts';
import { QiniuError } from '../errors.ts';
import { checkCondition, conditionOf } from './condition.ts';
import type { ObjectOperation } from './object-operation.ts';

const fileTypeMax = 5;
/** A hundred years. */
const daysMax = 36_500;
const storageClassHeader = 'x-amz-storage-class';

/** https://developer.qiniu.com/kodo/3710/chtype */
export const chtype: ObjectOperation = {
  name: 'chtype',
  prepare([entry = '', ...rest]) {
    const name = objectEntryOf(entry);
    const fileType = integerOf(pairsOf(rest).get('type'), 0, fileTypeMax, 'type');
    return {
      objects: [name],
      isRead: false,
      async run({ access, services: { core } }) {
        await changeEntry(core, access, ['s3:PutObject'], name, (object) => {
          const { [storageClassHeader]: _, ...headers } = object.headers;
          const storageClass = storageClassOf(fileType) ?? 'STANDARD';
          const transitions = {};
          return {
            headers: { ...headers, [storageClassHeader]: storageClass },
            // What was told of the old type's life ends with it.
            kodo: object.kodo && { ...object.kodo, transitions },
          };
        });
      },
    };
  },
};

/** https://developer.qiniu.com/kodo/4173/modify-the-file-status */
export const chstatus: ObjectOperation = {
  name: 'chstatus',
  prepare([entry = '', ...rest]) {
    const name = objectEntryOf(entry);
    const isDisabled = integerOf(pairsOf(rest).get('status'), 0, 1, 'status') === 1;
    return {
      objects: [name],
      isRead: false,
      async run({ access, services: { core } }) {
        await changeEntry(core, access, ['s3:PutObject'], name, (object) => {
          const { isDisabled: wasDisabled = false, ...kodo } = object.kodo ?? {};
          if (wasDisabled === isDisabled) {
            throw new QiniuError(400, isDisabled ? 'already disabled' : 'already enabled');
          }
          return { kodo: isDisabled ? { ...kodo, isDisabled } : kodo };
        });
      },
    };
  },
};

/** To let an object be deleted one day takes the right to delete it now. */
const expiryActions = ['s3:PutObject', 's3:DeleteObject'];

/** https://developer.qiniu.com/kodo/1732/update-file-lifecycle */
export const deleteAfterDays: ObjectOperation = {
  name: 'deleteAfterDays',
  prepare([entry = '', daysText = '', ...rest]) {
    const name = objectEntryOf(entry);
    pairsOf(rest);
    const days = integerOf(daysText, 0, daysMax, 'days');
    return {
      objects: [name],
      isRead: false,
      async run({ access, services: { core, timeZone } }) {
        const expiresAtMs = days === 0 ? null : expiryAfterDays(core.now(), days, timeZone);
        await changeEntry(core, access, expiryActions, name, () => ({ expiresAtMs }));
      },
    };
  },
};

const transitionClasses: Readonly<Record<string, string>> = {
  toIAAfterDays: 'STANDARD_IA',
  toArchiveIRAfterDays: 'GLACIER_IR',
  toArchiveAfterDays: 'GLACIER',
  toDeepArchiveAfterDays: 'DEEP_ARCHIVE',
};

/** -1 takes one of them back. https://developer.qiniu.com/kodo/8062/modify-object-life-cycle */
export const lifecycle: ObjectOperation = {
  name: 'lifecycle',
  prepare([entry = '', ...rest]) {
    const name = objectEntryOf(entry);
    const pairs = pairsOf(rest);
    const condition = conditionOf(pairs.get('cond'));
    const daysOf = (pair: string) => {
      const text = pairs.get(pair);
      const days = text === undefined ? 0 : integerOf(text, -1, daysMax, pair);
      // 0 and left out are no change.
      return days === 0 ? null : days;
    };
    const transitionDays = Object.entries(transitionClasses).map(
      ([pair, storageClass]) => [storageClass, daysOf(pair)] as const,
    );
    const daysToLive = daysOf('deleteAfterDays');
    const actions = daysToLive === null ? ['s3:PutObject'] : expiryActions;
    return {
      objects: [name],
      isRead: false,
      async run({ access, services: { core, timeZone } }) {
        const timeOf = (days: number) =>
          days < 0 ? null : expiryAfterDays(core.now(), days, timeZone);
        await changeEntry(core, access, actions, name, async (object) => {
          await checkCondition(core, condition, object);
          const transitions: Record<string, number> = { ...object.kodo?.transitions };
          for (const [storageClass, days] of transitionDays) {
            if (days === null) continue;
            const atMs = timeOf(days);
            if (atMs === null) delete transitions[storageClass];
            else transitions[storageClass] = atMs;
          }
          return {
            kodo: { ...object.kodo, transitions },
            ...(daysToLive !== null && { expiresAtMs: timeOf(daysToLive) }),
          };
        });
      },
    };
  },
};

/** Objects of every type can be read at once: there is nothing to bring back. */
export const restoreAr: ObjectOperation = {
  name: 'restoreAr',
  prepare([entry = '', ...rest]) {
    const name = objectEntryOf(entry);
    integerOf(pairsOf(rest).get('freezeAfterDays'), 1, 7, 'freezeAfterDays');
    return {
      objects: [name],
      isRead: true,
      async run({ access, services: { core } }) {
        await getEntry(core, access, ['s3:RestoreObject'], name);
      },
    };
  },
};

function integerOf(text: string | undefined, min: number, max: number, name: string): number {
  const value = /^-?\d{1,6}$/.test(text ?? '') ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new QiniuError(400, `invalid argument: ${name}`);
}
