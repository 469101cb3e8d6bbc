import type { Command } from '../command.ts';
import { decodeEmpty, encodeEmpty } from '../empty-body.ts';

/**
 * Ends a connection to a tracker or storage server. Closing the socket does as well.
 *
 * request   empty
 * response  none: the server closes the connection
 */
export const quit: Pick<
  Command<void, never>,
  'name' | 'code' | 'encodeRequest' | 'decodeRequest'
> = {
  name: 'QUIT',
  code: 82,
  encodeRequest: encodeEmpty,
  decodeRequest: decodeEmpty,
};
