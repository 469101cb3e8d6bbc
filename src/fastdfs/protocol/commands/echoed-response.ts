/**
 * response  empty; the whole request body when there was nothing to do
 *
 * APPEND and MODIFY of 0 bytes and TRUNCATE to the present size answer status 0 with the request
 * echoed: seen in 5.11 to 6.16.1. The echo says nothing and is dropped.
 */
export const echoedResponse = {
  encodeResponse(): Buffer {
    return Buffer.alloc(0);
  },
  decodeResponse(_body: Buffer): void {},
};
