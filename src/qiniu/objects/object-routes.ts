import type { QiniuRoute } from '../operation.ts';
import { runBatch } from './batch.ts';
import { chgm } from './change-metadata.ts';
import { chstatus, chtype, deleteAfterDays, lifecycle, restoreAr } from './change-state.ts';
import { copy, move, remove } from './copy-move-delete.ts';
import { list, listV2 } from './list.ts';
import type { ObjectOperation } from './object-operation.ts';
import { stat } from './stat.ts';

/** What a batch may be made of. */
const operations: readonly ObjectOperation[] = [
  ...[stat, copy, move, remove, chgm, chtype, chstatus, deleteAfterDays, lifecycle, restoreAr],
];

const management = { methods: ['GET', 'POST'], authentication: 'management' } as const;

/** Kodo's services `rs` and `rsf`. */
export const objectRoutes: readonly QiniuRoute[] = [
  ...operations.map(routeOf),
  {
    ...management,
    name: 'batch',
    path: '/batch',
    hasCommands: true,
    handle: (request, services) => runBatch(operations, request, services),
  },
  { ...management, name: 'list', path: '/list', handle: list },
  { ...management, name: 'listV2', path: '/v2/list', handle: listV2 },
];

function routeOf({ name, prepare }: ObjectOperation): QiniuRoute {
  return {
    ...management,
    name,
    path: `/${name}/:entry/*`,
    async handle(request, services) {
      const { access, rest, target } = request;
      const prepared = prepare([request.argument('entry'), ...rest], target.query);
      const [first] = prepared.objects;
      if (first) request.concerns(first.bucketName, first.key);
      const json = await prepared.run({ access, services });
      return json === undefined ? {} : { json };
    },
  };
}
