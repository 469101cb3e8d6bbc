import { copyEntry, moveEntry } from '../../core/kodo/copy-entry.ts';
import { deleteEntries } from '../../core/kodo/delete-entries.ts';
import { objectEntryOf, pairsOf } from '../entry.ts';
import { QiniuError } from '../errors.ts';
import { checkKodoKey } from '../policy/object-naming.ts';
import type { ObjectOperation } from './object-operation.ts';

/** https://developer.qiniu.com/kodo/1254/copy */
export const copy: ObjectOperation = transfer('copy', copyEntry);

/** https://developer.qiniu.com/kodo/1288/move */
export const move: ObjectOperation = transfer('move', moveEntry);

function transfer(name: string, run: typeof copyEntry): ObjectOperation {
  return {
    name,
    prepare([from = '', to = '', ...rest]) {
      const source = objectEntryOf(from);
      const destination = objectEntryOf(to);
      checkKodoKey(destination.key);
      const isForced = flagOf(pairsOf(rest).get('force'));
      return {
        objects: [source, destination],
        isRead: false,
        run: ({ access, services: { core } }) =>
          run(core, access, { source, destination, isForced }),
      };
    },
  };
}

function flagOf(text: string | undefined): boolean {
  if (text === 'true' || text === '1') return true;
  if (text === undefined || text === 'false' || text === '0' || text === '') return false;
  throw new QiniuError(400, 'invalid argument: force');
}

/** https://developer.qiniu.com/kodo/1257/delete */
export const remove: ObjectOperation = {
  name: 'delete',
  prepare([entry = '']) {
    const name = objectEntryOf(entry);
    return {
      objects: [name],
      isRead: false,
      deletes: name,
      async run({ access, services: { core } }) {
        const [failure] = await deleteEntries(core, access, name.bucketName, [name.key]);
        if (failure) throw failure;
      },
    };
  },
};
