import { ensureQetag } from '../../core/kodo/ensure-qetag.ts';
import { changeAttemptsMax, getEntry, keepsChanging } from '../../core/kodo/entries.ts';
import type { CoreServices } from '../../core/services.ts';
import type { ObjectRecord } from '../../object-index/records.ts';
import { objectEntryOf } from '../entry.ts';
import { describeObject } from './describe-object.ts';
import type { ObjectOperation } from './object-operation.ts';

/** Parts of one look into the index. */
const partsPageSize = 1000;

/** https://developer.qiniu.com/kodo/1308/stat */
export const stat: ObjectOperation = {
  name: 'stat',
  prepare([entry = ''], options) {
    const name = objectEntryOf(entry);
    const needsParts = options.get('needparts') === 'true';
    return {
      objects: [name],
      isRead: true,
      async run({ access, services: { core } }) {
        for (let attempt = 1; attempt <= changeAttemptsMax; attempt += 1) {
          const { object } = await getEntry(core, access, ['s3:GetObject'], name);
          const hash = await ensureQetag(core, object);
          if (hash === null) continue;
          const described = describeObject(object, hash, core.now());
          return needsParts ? { ...described, parts: await partSizes(core, object) } : described;
        }
        throw keepsChanging();
      },
    };
  },
};

/** Bytes of each part that the object was made of; of the whole where it was not made of any. */
async function partSizes(core: CoreServices, { id, size, partCount }: ObjectRecord) {
  if (partCount === null) return [size];
  const sizes: number[] = [];
  for (let after = 0; ; ) {
    const { parts, isTruncated } = await core.index.listObjectParts(id, after, partsPageSize);
    for (const part of parts) sizes.push(part.size);
    const last = parts.at(-1);
    if (!isTruncated || !last) return sizes;
    after = last.partNumber;
  }
}
