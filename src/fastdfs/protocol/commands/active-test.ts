import type { Command } from '../command.ts';
import { decodeEmpty, encodeEmpty } from '../empty-body.ts';

/**
 * Asks a tracker or storage server whether it is there.
 *
 * request   empty
 * response  empty
 */
export const activeTest: Command<void, void> = {
  name: 'ACTIVE_TEST',
  code: 111,
  encodeRequest: encodeEmpty,
  decodeRequest: decodeEmpty,
  encodeResponse: encodeEmpty,
  decodeResponse: decodeEmpty,
};
