import { createHmac } from 'node:crypto';
import { encodeUrlSafe } from '../../src/qiniu/encodings.ts';
import { qiniuKey } from './qiniu-server.ts';

/** Far behind the clock of tests, which stands at the beginning of 2024. */
const deadline = Date.UTC(2030, 0, 1) / 1000;

/** An upload token of alice's. */
export function uploadToken(
  policy: Readonly<Record<string, unknown>>,
  accessKeyId: string = qiniuKey.accessKeyId,
): string {
  const encoded = encodeUrlSafe(JSON.stringify({ deadline, ...policy }));
  const hmac = createHmac('sha1', qiniuKey.secretAccessKey).update(encoded).digest();
  return `${accessKeyId}:${encodeUrlSafe(hmac)}:${encoded}`;
}

/** Byte i is i mod 251, as in the recorded uploads. */
export function patternBytes(size: number, from = 0): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, at) => (from + at) % 251));
}

const boundary = 'boundary-of-tests';

export interface TestFormPart {
  readonly name: string;
  readonly value: string | Buffer;
  /** Makes it a file. */
  readonly fileName?: string;
  readonly type?: string;
}

/** A form upload as `QiniuServer.send` takes it. */
export function formRequest(parts: readonly TestFormPart[]) {
  const pieces = parts.flatMap(({ name, value, fileName, type }) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"` +
        (fileName === undefined ? '' : `; filename="${fileName}"`) +
        (type === undefined ? '' : `\r\nContent-Type: ${type}`) +
        '\r\n\r\n',
    ),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ]);
  return {
    method: 'POST',
    path: '/',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]),
  };
}
