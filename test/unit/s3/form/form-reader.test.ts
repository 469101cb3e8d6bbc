import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.ts';
import { formBoundary } from '../../../../src/http/form/multipart-parser.ts';
import { FormReader } from '../../../../src/s3/form/form-reader.ts';
import { formBody, testBoundary } from '../../../support/form-body.ts';

/** Cuts a body at the given places, as a network may. */
function pieces(body: Buffer, sizes: readonly number[]): Buffer[] {
  const cut: Buffer[] = [];
  let start = 0;
  for (let turn = 0; start < body.length; turn += 1) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? body.length);
    cut.push(body.subarray(start, start + size));
    start += size;
  }
  return cut;
}

async function read(body: Buffer, sizes: readonly number[] = [body.length]) {
  const source = Readable.from(pieces(body, sizes), { objectMode: false });
  const reader = new FormReader(source, testBoundary);
  try {
    const head = await reader.head();
    const content: Buffer[] = [];
    if (head.fileName !== null) for await (const chunk of reader.file()) content.push(chunk);
    return { ...head, fields: Object.fromEntries(head.fields), file: Buffer.concat(content) };
  } finally {
    reader.close();
  }
}

describe('forms', () => {
  it.each([[1], [2, 3], [7], [61], [4096]])('are read in pieces of %s bytes', async (...sizes) => {
    const content = Buffer.from('\r\n--not the boundary\r\n\r\n\0\xff', 'latin1');
    const body = formBody([
      { name: 'Key', value: 'über/cat.jpg' },
      { name: 'x-ignore-me', value: '1' },
      { name: 'policy', value: 'a\r\n\r\nb' },
      { name: 'empty', value: '' },
      { name: 'file', value: content, fileName: 'C:\\pictures\\cat.jpg' },
    ]);
    const form = await read(body, sizes);
    expect(form.fields).toEqual({
      key: 'über/cat.jpg',
      'x-ignore-me': '1',
      policy: 'a\r\n\r\nb',
      empty: '',
    });
    expect(form.fileName).toBe('cat.jpg');
    expect(form.file).toEqual(content);
    expect(form.fileOffset).toBe(body.indexOf(content));
  });

  it('tell exactly where the file is, whatever it is and however it comes', async () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom('', '\r', '\r\n', '\r\n\r\n', '\r\n--', `\r\n--${testBoundary.slice(0, -1)}`),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 4 }),
        fc.array(fc.nat(90), { minLength: 1, maxLength: 5 }),
        async (parts, sizes) => {
          const content = Buffer.concat(parts.map((bytes) => Buffer.from(bytes as string)));
          const head = formBody([{ name: 'key', value: 'k' }], { end: '' });
          const body = formBody([
            { name: 'key', value: 'k' },
            { name: 'file', value: content },
          ]);
          const form = await read(body, sizes);
          expect(form.file.equals(content)).toBe(true);
          const fileHead = `\r\nContent-Disposition: form-data; name="file"\r\n\r\n`;
          expect(form.fileOffset).toBe(head.length - 2 + fileHead.length);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('may give every field a file name, as Python does', async () => {
    const body = formBody([
      { name: 'key', value: 'k', fileName: 'key' },
      { name: 'FILE', value: 'content' },
    ]);
    const form = await read(body);
    expect(form).toMatchObject({ fields: { key: 'k' }, fileName: '' });
    expect(String(form.file)).toBe('content');
  });

  it('may have fields behind the file, which do not count', async () => {
    const body = formBody([
      { name: 'file', value: 'content' },
      { name: 'key', value: 'late' },
      { name: 'file', value: 'another' },
    ]);
    const form = await read(body);
    expect(form.fields).toEqual({});
    expect(String(form.file)).toBe('content');
  });

  it('without a file end without one', async () => {
    expect(await read(formBody([{ name: 'key', value: 'k' }]))).toMatchObject({ fileName: null });
    expect(await read(formBody([]))).toMatchObject({ fields: {}, fileName: null });
  });

  const file = { name: 'file', value: 'content' };
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no form', Buffer.from('hello')],
    ['another boundary', formBody([file], { boundary: 'other' })],
    ['a cut file', formBody([file]).subarray(0, -20)],
    ['a cut head', formBody([file]).subarray(0, 50)],
    ['a cut end', formBody([file]).subarray(0, -4)],
    ['a field without name', formBody([{ name: '', value: 'v' }, file])],
    ['a key that is not UTF-8', formBody([{ name: 'key', value: Buffer.of(0xff) }, file])],
  ])('with %s are MalformedPOSTRequest', async (_name, body) => {
    await expect(read(body)).rejects.toMatchObject({ code: 'MalformedPOSTRequest' });
    await expect(read(body, [3])).rejects.toMatchObject({ code: 'MalformedPOSTRequest' });
  });

  it.each([
    ['a long field', [{ name: 'a', value: 'x'.repeat(30_000) }, file]],
    ['a long field without end', [{ name: 'a', value: 'x'.repeat(300_000) }, file]],
    ['many long fields', [...'abcd'].map((name) => ({ name, value: 'x'.repeat(6000) }))],
    ['many fields', Array.from({ length: 201 }, (_, index) => ({ name: `f${index}`, value: '' }))],
    ['blank lines', [{ name: 'a', value: '\r\n\r\n'.repeat(8000) }, file]],
  ])('with %s are too large', async (_name, parts) => {
    const body = formBody([parts, file].flat(2) as Parameters<typeof formBody>[0]);
    await expect(read(body)).rejects.toMatchObject({ code: 'MaxPostPreDataLengthExceededError' });
    await expect(read(body, [1000])).rejects.toMatchObject({
      code: 'MaxPostPreDataLengthExceededError',
    });
  });

  it('with a field twice are refused', async () => {
    const body = formBody([{ name: 'key', value: 'a' }, { name: 'KEY', value: 'b' }, file]);
    await expect(read(body)).rejects.toMatchObject({ code: 'InvalidArgument' });
  });

  it('fail as their body fails', async () => {
    const source = new Readable({ read() {} });
    const reader = new FormReader(source, testBoundary);
    source.push(formBody([file]).subarray(0, -30));
    await reader.head();
    source.destroy(new GatewayError('IncompleteBody'));
    const rest = async () => {
      for await (const _ of reader.file());
    };
    await expect(rest()).rejects.toMatchObject({ code: 'IncompleteBody' });
  });

  it('pass a long file on as it is taken, and no faster', async () => {
    let given = 0;
    const [start = '', end = ''] = String(formBody([{ ...file, value: '|' }])).split('|');
    async function* endless() {
      yield Buffer.from(start);
      for (; given < 400; given += 1) yield Buffer.alloc(64 * 1024, 'x');
      yield Buffer.from(end);
    }
    const reader = new FormReader(Readable.from(endless(), { objectMode: false }), testBoundary);
    await reader.head();
    const content = reader.file();
    let size = (await content.next()).value?.length ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(given).toBeLessThan(50);
    for await (const chunk of content) size += chunk.length;
    expect(size).toBe(400 * 64 * 1024);
  });

  it('of any bytes are read or refused, and that is all', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom(
        `--${testBoundary}`,
        '--',
        '\r\n',
        '\r\n\r\n',
        'Content-Disposition: form-data; name="file"',
        'Content-Disposition: form-data; name="key"; filename*=utf-8\'\'%ff',
        'Content-Disposition: form-data',
        'content-type: text/plain; charset=utf-16le',
        ':',
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(bytes, { maxLength: 20 }),
        fc.array(fc.nat(40), { minLength: 1, maxLength: 3 }),
        async (parts, sizes) => {
          const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
          const outcome = await read(body, sizes).catch((error: unknown) => error);
          if (outcome instanceof Error) expect(outcome).toBeInstanceOf(GatewayError);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the boundary', () => {
  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data;boundary="a b:c"; charset=utf-8', 'a b:c'],
    ["multipart/form-data; charset=utf-8; Boundary='()+_,-./:=?", null],
    ['multipart/form-data; boundary=----WebKitFormBoundaryX', '----WebKitFormBoundaryX'],
    ['multipart/form-data-x; boundary=abc', null],
    ['multipart/mixed; boundary=abc', null],
    ['text/plain', null],
  ])('of %s is %s', (contentType, boundary) => {
    if (contentType.includes('()')) expect(formBoundary(contentType)).toBe("'()+_");
    else expect(formBoundary(contentType)).toBe(boundary);
  });

  it.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=""',
    'multipart/form-data; boundary="a\\b"',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
  ])('of %s is missing', (contentType) => {
    expect(() => formBoundary(contentType)).toThrow(
      expect.objectContaining({ code: 'MalformedPOSTRequest' }),
    );
  });
});
