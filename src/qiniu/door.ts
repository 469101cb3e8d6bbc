import { type Door, type DoorContext, openDoor } from '../http/door.ts';
import type { ListenableDoor } from '../http/listener.ts';
import { toGatewayError } from '../http/to-gateway-error.ts';
import { Dispatcher } from './dispatcher.ts';
import { createDownloads } from './downloads/downloads.ts';
import { QiniuError, toQiniuError } from './errors.ts';
import type { Downloads, QiniuRoute, QiniuServices } from './operation.ts';
import { routes as allRoutes } from './route-table.ts';

export interface QiniuDoorContext extends DoorContext, QiniuServices {
  /** Replaced in tests. */
  readonly downloads?: Downloads | null;
  /** Replaced in tests. */
  readonly routes?: readonly QiniuRoute[];
}

/** Statuses that HTTP has for faults of servers; Kodo's own for mistakes of clients are above. */
const faultStatusMax = 599;
const tooManyRequests = 573;

/** Kodo's API over HTTP, all of its services on one listener, as Qiniu's SDKs speak it. */
export function createQiniuDoor(context: QiniuDoorContext): ListenableDoor {
  const { routes = allRoutes, downloads = createDownloads(context.core) } = context;
  const dispatcher = new Dispatcher(routes, downloads, context);
  const door: Door = {
    name: 'qiniu',
    contentType: 'application/json',
    headers: ({ id }) => ({
      // SDKs take answers without it for somebody else's.
      'x-reqid': id,
      'x-log': '-',
      server: 'fastdfs-s3',
      'cache-control': 'no-store',
    }),
    dispatch: (exchange) => dispatcher.dispatch(exchange),
    fail(_request, thrown) {
      const error = thrown instanceof QiniuError ? thrown : toQiniuError(toGatewayError(thrown));
      const { status, message } = error;
      return {
        // Some clients look into the text of every error.
        response: { status, body: JSON.stringify({ error: message }) },
        code: String(status),
        isFault: status >= 500 && status <= faultStatusMax && status !== tooManyRequests,
      };
    },
  };
  return openDoor(door, context);
}
