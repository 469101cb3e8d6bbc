import type { Command } from '../command.ts';
import { decodeEmpty, encodeEmpty } from '../empty-body.ts';
import { FieldReader, FieldWriter } from '../fields.ts';

export interface TrackerStatus {
  readonly isLeader: boolean;
  readonly runningSeconds: number;
  /** Seconds. */
  readonly restartInterval: number;
}

/**
 * What a tracker says of itself.
 *
 * request   empty
 * response  isLeader:uint8 runningSeconds:int64 restartInterval:int64
 */
export const getTrackerStatus: Command<void, TrackerStatus> = {
  name: 'TRACKER_GET_STATUS',
  code: 64,
  encodeRequest: encodeEmpty,
  decodeRequest: decodeEmpty,
  encodeResponse({ isLeader, runningSeconds, restartInterval }) {
    return new FieldWriter()
      .uint8(isLeader ? 1 : 0)
      .int64(runningSeconds)
      .int64(restartInterval)
      .toBuffer();
  },
  decodeResponse(body) {
    const fields = new FieldReader(body);
    const status = {
      isLeader: fields.uint8() !== 0,
      runningSeconds: fields.int64(),
      restartInterval: fields.int64(),
    };
    fields.end();
    return status;
  },
};

/**
 * The leading tracker (6.15.5 and later). Status 2: none is known.
 *
 * request   empty
 * response  text `ip:port`, IPv6 in brackets
 */
export const getLeader: Command<void, { readonly address: string }> = {
  name: 'SERVER_GET_LEADER',
  code: 95,
  encodeRequest: encodeEmpty,
  decodeRequest: decodeEmpty,
  encodeResponse: ({ address }) => new FieldWriter().plainText(address).toBuffer(),
  decodeResponse: (body) => ({ address: new FieldReader(body).restText() }),
};
