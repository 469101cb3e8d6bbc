import type { ServerAddress } from './server-address.ts';

/**
 * Why a connection was closed:
 *
 * - `abandoned`: the server was found dead, by other means than this connection.
 * - `cancelled`: a signal, or the reader of a download, ended the exchange.
 * - `connect-failed`: it was never up.
 * - `content-failed`: the source of an upload threw or had another size than announced.
 * - `content-refused`: the server refused a command with content; it may take what is on its way
 *   of that content for commands.
 * - `early-answer`: the same, and content was left to send.
 * - `extra-bytes`: bytes that belong to no response.
 * - `idle-expired`, `pool-closed`: nobody needed it any more.
 * - `io-error`, `server-closed`, `timeout`: as they say.
 * - `malformed-response`: not FastDFS, or not the response that the command has.
 * - `status-22`: storage servers close after it.
 * - `status-with-length`: a refusal that announces a body, which never comes.
 */
export type CloseReason =
  | 'abandoned'
  | 'cancelled'
  | 'connect-failed'
  | 'content-failed'
  | 'content-refused'
  | 'early-answer'
  | 'extra-bytes'
  | 'idle-expired'
  | 'io-error'
  | 'malformed-response'
  | 'pool-closed'
  | 'server-closed'
  | 'status-22'
  | 'status-with-length'
  | 'timeout';

export type ConnectionObserver = (address: ServerAddress, reason: CloseReason) => void;
