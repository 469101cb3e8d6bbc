import { Readable } from 'node:stream';
import type { CoreServices } from '../../core/services.ts';
import { QiniuError } from '../errors.ts';
import type { QiniuRequest, QiniuResponse, QiniuServices } from '../operation.ts';
import { renderMarker } from './list-marker.ts';
import { type ListArguments, listArguments, listedMax, listPage } from './list-pages.ts';

/** https://developer.qiniu.com/kodo/1284/list */
export async function list(request: QiniuRequest, services: QiniuServices): Promise<QiniuResponse> {
  const limit = limitOf(request, 1);
  const wanted = await listArguments(request, services);
  const { items, commonPrefixes, nextAfter } = await listPage(services.core, wanted, limit);
  return {
    json: {
      ...(nextAfter !== null && { marker: renderMarker(nextAfter) }),
      ...(wanted.delimiter !== '' && { commonPrefixes }),
      items,
    },
  };
}

/**
 * One JSON object a line, each with the marker behind it, for as long as the client reads; a limit of
 * 0, or none, is no limit.
 */
export async function listV2(
  request: QiniuRequest,
  services: QiniuServices,
): Promise<QiniuResponse> {
  const limit = limitOf(request, 0);
  const wanted = await listArguments(request, services);
  // The first page decides whether there is an answer at all.
  const lines = listLines(services.core, wanted, limit === 0 ? Number.POSITIVE_INFINITY : limit);
  const first = await lines.next();
  return {
    headers: { 'content-type': 'application/x-stream-json' },
    body: Readable.from(withFirst(first, lines), { objectMode: false, highWaterMark: 64 * 1024 }),
  };
}

/** Pages of lines as text; the next page is read when the client has taken the one before. */
async function* listLines(
  core: CoreServices,
  wanted: ListArguments,
  limit: number,
): AsyncGenerator<string, void, void> {
  let left = limit;
  for (let { after } = wanted; left > 0; ) {
    const page = await listPage(core, { ...wanted, after }, Math.min(left, listedMax));
    const { items, commonPrefixes, nextAfter } = page;
    left -= items.length + commonPrefixes.length;
    const lines = [
      ...items.map((item) => ({ name: item.key, item, dir: '' })),
      ...commonPrefixes.map((dir) => ({ name: dir, item: null, dir })),
    ].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
    const text = lines.map(({ name, item, dir }, position) => {
      const isLast = position === lines.length - 1 && nextAfter === null;
      return `${JSON.stringify({ item, marker: isLast ? '' : renderMarker(name), dir })}\n`;
    });
    if (text.length > 0) yield text.join('');
    if (nextAfter === null) return;
    after = nextAfter;
  }
}

async function* withFirst(
  first: IteratorResult<string, void>,
  rest: AsyncGenerator<string, void, void>,
): AsyncGenerator<Buffer, void, void> {
  if (first.done) return;
  yield Buffer.from(first.value);
  for await (const text of rest) yield Buffer.from(text);
}

function limitOf({ target: { query } }: QiniuRequest, min: 0 | 1): number {
  const text = query.get('limit') ?? '';
  if (text === '') return min === 0 ? 0 : listedMax;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  // The limits of v2 are not documented; all of its pages are one answer.
  if (value >= min && (min === 0 || value <= listedMax)) return value;
  throw new QiniuError(400, 'invalid list limit');
}
