import type { Logger } from '../support/logger.ts';
import type { Exchange } from './exchange.ts';

/**
 * One line for each request, when its answer is sent or its client gone. It names the path's
 * bucket and key and never the query or a header: those hold signatures.
 */
export function logRequest(exchange: Exchange, logger: Logger, doorName: string): void {
  const { incoming, outgoing, origin } = exchange;
  logger.info(
    {
      requestId: exchange.id,
      method: incoming.method,
      operation: exchange.operationName,
      bucket: exchange.bucketName,
      key: exchange.key,
      httpStatus: exchange.httpStatus,
      errorCode: exchange.errorCode,
      bytesIn: exchange.bytesIn,
      bytesOut: exchange.bytesOut,
      durationMs: Math.round(exchange.durationMs * 1000) / 1000,
      accessKeyId: exchange.caller?.accessKeyId || null,
      remoteAddress: origin.address,
      clientGone: !outgoing.writableFinished,
    },
    `${doorName} request`,
  );
}
