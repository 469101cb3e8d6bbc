import { GatewayError } from '../core/errors.ts';
import { type Door, type DoorContext, openDoor } from '../http/door.ts';
import { errorEntry } from '../http/errors.ts';
import type { ListenableDoor } from '../http/listener.ts';
import { toGatewayError } from '../http/to-gateway-error.ts';

export type FilesDoorContext = DoorContext;

/** FastDFS's own URLs over HTTP, and the forms that small upload services take. */
export function createFilesDoor(context: FilesDoorContext): ListenableDoor {
  const door: Door = {
    name: 'files',
    contentType: 'text/html; charset=utf-8',
    headers: () => ({ server: 'fastdfs-s3' }),
    async dispatch(exchange) {
      throw new GatewayError('MethodNotAllowed', { Resource: exchange.path });
    },
    fail(_request, thrown) {
      const { code } = toGatewayError(thrown);
      const { httpStatus: status } = errorEntry(code);
      const body = `<html><body><h1>${status} ${code}</h1></body></html>\n`;
      return {
        response: { status, body },
        code,
        isFault: code !== 'NotImplemented' && status >= 500,
      };
    },
  };
  return openDoor(door, context);
}
