import { Transform } from 'node:stream';
import { QiniuError } from '../errors.ts';
import type { QiniuRoute } from '../operation.ts';
import { openBody } from '../read-body.ts';
import { readPathDetails } from './details.ts';
import { checkEarly, openGrant, uploadTokenOf } from './grant.ts';
import { storeUpload } from './store-upload.ts';

/** Meant for small images that pages make. */
const contentSizeBytesMax = 10 * 1024 ** 2;
/** With line breaks. */
const bodySizeBytesMax = contentSizeBytesMax * 1.5;

/** https://developer.qiniu.com/kodo/kb/1326/how-to-upload-photos-to-seven-niuyun-base64-code */
export const putBase64: QiniuRoute = {
  name: 'putb64',
  methods: ['POST'],
  path: '/putb64/:size/*',
  authentication: 'own',
  async handle(request, services) {
    const grant = await openGrant(request, services, uploadTokenOf(request));
    const { details, crc32 } = readPathDetails(request.rest);
    await checkEarly(services, grant, details.key);
    const expectedSize = parseSize(request.argument('size'));
    const content = services.core.spool.create();
    const { signal } = request;
    try {
      const body = openBody(request.exchange, bodySizeBytesMax, services.bodyPace);
      const decoder = new Base64Decoder();
      const decoded = body.on('error', (error) => decoder.destroy(error)).pipe(decoder);
      decoded.once('close', () => body.destroy());
      await content.fill(decoded, { signal });
      if (expectedSize !== -1 && content.size !== expectedSize) {
        throw new QiniuError(400, 'the content has not the size that the path says');
      }
      return await storeUpload(services, { grant, details, content, crc32, signal });
    } finally {
      content.release();
    }
  },
};

/** -1 where it is not known. */
function parseSize(text: string): number {
  if (!/^(-1|\d{1,15})$/.test(text)) throw new QiniuError(400, 'invalid argument: size');
  const size = Number(text);
  if (size > contentSizeBytesMax) throw new QiniuError(413, 'request entity too large');
  return size;
}

/** Base64 of either alphabet, with or without padding and line breaks. */
class Base64Decoder extends Transform {
  /** Characters of a group of four that is not complete. */
  #rest = '';
  #isPadded = false;

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    callback: (error: Error | null, chunk?: Buffer) => void,
  ): void {
    const text = this.#rest + chunk.toString('latin1').replace(/[\r\n\t ]/g, '');
    const padding = text.indexOf('=');
    const isPaddedNow = padding !== -1 && /^=*$/.test(text.slice(padding));
    const digits = isPaddedNow ? text.slice(0, padding) : text;
    const hasMore = this.#isPadded && digits !== '' && digits !== this.#rest;
    if (digits.length < text.length) this.#isPadded = true;
    if (hasMore || !/^[A-Za-z0-9+/_-]*$/.test(digits)) {
      callback(malformed());
      return;
    }
    const end = digits.length - (digits.length % 4);
    this.#rest = digits.slice(end);
    callback(null, Buffer.from(digits.slice(0, end), 'base64'));
  }

  override _flush(callback: (error: Error | null, chunk?: Buffer) => void): void {
    // One digit by itself is no byte.
    if (this.#rest.length === 1) callback(malformed());
    else callback(null, Buffer.from(this.#rest, 'base64'));
  }
}

function malformed(): QiniuError {
  return new QiniuError(400, 'the body is no base64');
}
