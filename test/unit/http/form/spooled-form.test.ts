import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { Spool } from '../../../../src/core/spool/spool.ts';
import { type FormOptions, SpooledForm } from '../../../../src/http/form/spooled-form.ts';
import { createLogger } from '../../../../src/support/logger.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

interface TestPart {
  readonly name: string;
  readonly fileName?: string;
  readonly headers?: readonly string[];
  readonly content: string | Buffer;
}

const large = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 253));

const logger = createLogger('silent');

function formOf(parts: readonly TestPart[]): Buffer {
  const encoded = parts.flatMap(({ name, fileName, headers = [], content }) => {
    const file = fileName === undefined ? '' : `; filename="${fileName}"`;
    const head = [`Content-Disposition: form-data; name="${name}"${file}`, ...headers];
    return [Buffer.from(`--b\r\n${head.join('\r\n')}\r\n\r\n`), Buffer.from(content), '\r\n'];
  });
  return Buffer.concat([...encoded, '--b--\r\n'].map((piece) => Buffer.from(piece)));
}

function bodyOf(bytes: Buffer, chunkSize = 70_000): Readable {
  return Readable.from(
    Array.from({ length: Math.ceil(bytes.length / chunkSize) }, (_, index) =>
      bytes.subarray(index * chunkSize, (index + 1) * chunkSize),
    ),
  );
}

function createSpool(sizeBytesMax = 2 ** 30): Spool {
  const directory = join(temporaryDirectory(), 'spool');
  return new Spool({ directory, sizeBytesMax, contentMemoryBytesMax: 1000, logger });
}

function read(
  parts: readonly TestPart[] | Buffer,
  options: Partial<FormOptions> = {},
): Promise<SpooledForm> {
  const bytes = Buffer.isBuffer(parts) ? parts : formOf(parts);
  const signal = new AbortController().signal;
  return SpooledForm.read(bodyOf(bytes), {
    spool: createSpool(),
    boundary: 'b',
    signal,
    ...options,
  });
}

const malformed = { code: 'MalformedPOSTRequest' };

describe('a form', () => {
  it('has fields before and after its files, and headers of parts', async () => {
    const form = await read([
      { name: 'token', content: 't' },
      {
        name: 'file',
        fileName: '照片.jpg',
        headers: ['Content-Type: image/jpeg', 'Content-Length: 200000'],
        content: large,
      },
      { name: 'crc32', content: '123' },
      { name: 'second', fileName: 'b.txt', content: 'two' },
      { name: 'empty', content: '' },
    ]);
    expect([...form.fields]).toEqual([
      ['token', 't'],
      ['crc32', '123'],
      ['empty', ''],
    ]);
    expect(form.files).toMatchObject([
      { fieldName: 'file', fileName: '照片.jpg', contentType: 'image/jpeg' },
      { fieldName: 'second', fileName: 'b.txt', contentType: null },
    ]);
    expect(form.files[0]?.headers.get('content-length')).toBe('200000');
    const contents = form.files.map(({ content }) => buffer(content.open()));
    expect((await contents[0])?.equals(large)).toBe(true);
    expect((await contents[1])?.toString()).toBe('two');
    form.release();
  });

  it('takes the first of fields of one name', async () => {
    const form = await read([
      { name: 'key', content: 'first' },
      { name: 'key', content: 'second' },
    ]);
    expect(form.fields.get('key')).toBe('first');
  });

  it('has no file for an input in which none was chosen', async () => {
    expect((await read([{ name: 'file', fileName: '', content: '' }])).files).toEqual([]);
  });

  it('has a file without a name where its field is one of files', async () => {
    const fileFields = new Set(['file']);
    const form = await read([{ name: 'file', content: 'x' }], { fileFields });
    expect(form.files).toMatchObject([{ fileName: null }]);
    form.release();
  });

  it('shares the memory of one content among its files', async () => {
    const parts = [600, 300, 200].map((size, index) => ({
      name: `file${index}`,
      fileName: 'x',
      content: Buffer.alloc(size),
    }));
    const form = await read(parts);
    expect(form.files.map(({ content }) => content.isInFile)).toEqual([false, false, true]);
    form.release();
  });

  it('is refused early by who is asked before a file is read', async () => {
    const spool = createSpool();
    const refused = read(
      [
        { name: 'token', content: 'bad' },
        { name: 'file', fileName: 'x', content: large },
      ],
      {
        spool,
        onFile: ({ fieldName }, fields) => {
          throw new Error(`${fieldName} with ${fields.get('token')}`);
        },
      },
    );
    await expect(refused).rejects.toThrow('file with bad');
    expect(spool.usedBytes).toBe(0);
  });
});

it.each([
  [true, true],
  [false, false],
])(
  'takes more than half of the spool: %s where its sender is known: %s',
  async (takes, isKnown) => {
    const spool = createSpool(300_000);
    const file = { name: 'file', fileName: 'x', content: large };
    const form = read([file], { spool, onFile: () => isKnown });
    if (takes) (await form).release();
    else await expect(form).rejects.toMatchObject({ code: 'ServiceUnavailable' });
    expect(spool.usedBytes).toBe(0);
  },
);

describe('a form is refused', () => {
  const field = (size: number) => ({ name: 'a', content: 'x'.repeat(size) });
  const file = (content: Buffer | string) => ({ name: 'f', fileName: 'x', content });
  it.each<[string, readonly TestPart[] | Buffer, Partial<FormOptions>, object]>([
    ['with a large field', [field(65_537)], {}, malformed],
    [
      'with many large fields',
      Array.from({ length: 17 }, (_, index) => ({ ...field(65_000), name: `n${index}` })),
      {},
      malformed,
    ],
    ['with many fields', Array.from({ length: 1001 }, () => field(1)), {}, malformed],
    ['with many files', [file('a'), file('b'), file('c')], { limits: { filesMax: 2 } }, malformed],
    [
      'with a large file',
      [file(large)],
      { limits: { fileSizeBytesMax: 199_999 } },
      { code: 'EntityTooLarge' },
    ],
    ['with text that is not UTF-8', [{ name: 'a', content: Buffer.from([0xff]) }], {}, malformed],
    ['with a part without a name', Buffer.from('--b\r\n\r\nx\r\n--b--'), {}, malformed],
    ['that is cut off', formOf([file(large)]).subarray(0, -5), {}, malformed],
  ])('%s, and holds nothing', async (_, form, options, error) => {
    const spool = createSpool();
    await expect(read(form, { spool, ...options })).rejects.toMatchObject(error);
    expect(spool.usedBytes).toBe(0);
  });

  it('when the spool is full', async () => {
    const spool = createSpool(100_000);
    const read = SpooledForm.read(bodyOf(formOf([file(large)])), {
      spool,
      boundary: 'b',
      signal: new AbortController().signal,
    });
    await expect(read).rejects.toMatchObject({ code: 'ServiceUnavailable' });
    expect(spool.usedBytes).toBe(0);
  });

  it('when its body fails', async () => {
    const body = Readable.from(
      (async function* () {
        yield formOf([file(large)]).subarray(0, 100_000);
        throw new Error('the client is gone');
      })(),
    );
    const spool = createSpool();
    const signal = new AbortController().signal;
    await expect(SpooledForm.read(body, { spool, boundary: 'b', signal })).rejects.toThrow('gone');
    expect(spool.usedBytes).toBe(0);
  });

  it('when it is aborted while nothing comes', async () => {
    const abort = new AbortController();
    const body = new Readable({ read() {} });
    body.push(formOf([file(large)]).subarray(0, 100_000));
    const spool = createSpool();
    const reading = SpooledForm.read(body, { spool, boundary: 'b', signal: abort.signal });
    await expect.poll(() => spool.usedBytes).toBeGreaterThan(0);
    abort.abort();
    await expect(reading).rejects.toThrow('aborted');
    expect(spool.usedBytes).toBe(0);
  });
});
