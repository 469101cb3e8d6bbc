import { type Door, type DoorContext, openDoor } from '../http/door.ts';
import type { ListenableDoor } from '../http/listener.ts';
import { toGatewayError } from '../http/to-gateway-error.ts';
import { QiniuError, toQiniuError } from './errors.ts';

export type QiniuDoorContext = DoorContext;

/** Kodo's API over HTTP, as Qiniu's SDKs speak it. */
export function createQiniuDoor(context: QiniuDoorContext): ListenableDoor {
  const door: Door = {
    name: 'qiniu',
    contentType: 'application/json',
    // SDKs take answers without it for somebody else's.
    headers: ({ id }) => ({ 'x-reqid': id, 'x-log': '-', 'cache-control': 'no-store' }),
    async dispatch() {
      throw new QiniuError(612, 'no such operation');
    },
    fail(_request, thrown) {
      const error = thrown instanceof QiniuError ? thrown : toQiniuError(toGatewayError(thrown));
      const { status, message } = error;
      return {
        response: { status, body: JSON.stringify({ error: message, code: status }) },
        code: String(status),
        isFault: status >= 500 && status < 608,
      };
    },
  };
  return openDoor(door, context);
}
