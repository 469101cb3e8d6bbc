import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formBoundary, MultipartParser } from '../../../../src/http/form/multipart-parser.ts';

interface Part {
  readonly headers: Record<string, string>;
  readonly content: string;
}

const malformed = expect.objectContaining({ code: 'MalformedPOSTRequest' });

/** The parts of a body that comes in the given chunks. */
function parse(chunks: readonly Buffer[], boundary = 'b'): Part[] {
  const parser = new MultipartParser(boundary);
  const parts: { headers: Record<string, string>; pieces: Buffer[]; hasEnded: boolean }[] = [];
  for (const chunk of chunks) {
    for (const piece of parser.push(chunk)) {
      const part = parts.at(-1);
      if (piece.kind === 'head') {
        expect(part?.hasEnded ?? true).toBe(true);
        const headers = Object.fromEntries(piece.headers);
        parts.push({ headers, pieces: [], hasEnded: false });
      } else if (piece.kind === 'content') part?.pieces.push(Buffer.from(piece.bytes));
      else if (part) part.hasEnded = true;
    }
  }
  parser.end();
  return parts.map(({ headers, pieces }) => ({
    headers,
    content: Buffer.concat(pieces).toString('latin1'),
  }));
}

const parseText = (text: string) => parse([Buffer.from(text, 'latin1')]);

describe('formBoundary', () => {
  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data;charset=utf-8;boundary="a b"', 'a b'],
    ['multipart/form-data; boundary=----WebKitFormBoundaryAbC', '----WebKitFormBoundaryAbC'],
    ['application/x-www-form-urlencoded', null],
    [null, null],
  ])('of %s is %s', (contentType, boundary) => {
    expect(formBoundary(contentType)).toBe(boundary);
  });

  it.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
  ])('is missing in %s', (contentType) => {
    expect(() => formBoundary(contentType)).toThrow(malformed);
  });
});

describe('a multipart body', () => {
  it('gives all headers of its parts and their content', () => {
    const text =
      'preamble\r\n--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Length: 3\r\n\r\none' +
      '\r\n--b \t\r\nX:1\r\nx: 2\r\nLong: a\r\n b\r\n\r\n\r\n--c\r\n\r\n--b--\r\nepilogue';
    expect(parseText(text)).toEqual([
      {
        headers: { 'content-disposition': 'form-data; name="a"', 'content-length': '3' },
        content: 'one',
      },
      { headers: { x: '1', long: 'a b' }, content: '\r\n--c\r\n' },
    ]);
  });

  it.each([
    ['no parts', '--b--', []],
    ['no headers', '--b\r\n\r\nx\r\n--b--', [{ headers: {}, content: 'x' }]],
    ['empty content', '--b\r\n\r\n\r\n--b--', [{ headers: {}, content: '' }]],
    ['line ends only', '--b\r\n\r\n\r\n\r\n\r\n--b--', [{ headers: {}, content: '\r\n\r\n' }]],
    [
      'half a boundary at its end',
      '--b\r\n\r\nx\r\n-\r\n--b--',
      [{ headers: {}, content: 'x\r\n-' }],
    ],
  ])('may have %s', (_, text, parts) => {
    expect(parseText(text)).toEqual(parts);
  });

  it.each([
    ['that is empty', ''],
    ['without its last boundary', '--b\r\n\r\nx\r\n--b\r\n'],
    ['that ends in content', '--b\r\n\r\nx'],
    ['that ends in headers', '--b\r\nA: b\r\n'],
    ['with something behind a boundary', '--b\r\n\r\nx\r\n--bc\r\n\r\n--b--'],
    ['with endless blanks behind a boundary', `--b${' '.repeat(300)}`],
    ['with a header without a colon', '--b\r\nnonsense\r\n\r\nx\r\n--b--'],
    ['with a line feed in a header', '--b\r\nA: b\nC: d\r\n\r\nx\r\n--b--'],
    ['with endless headers', `--b\r\nA: ${'x'.repeat(20_000)}`],
    ['with long headers', `--b\r\nA: ${'x'.repeat(20_000)}\r\n\r\n\r\n--b--`],
  ])('is refused %s', (_, text) => {
    expect(() => parseText(text)).toThrow(malformed);
  });

  it('is the same however it is split', () => {
    // Content of the delimiter's own characters, with all its possible beginnings.
    const character = fc.constantFrom('\r', '\n', '-', 'b', 'x');
    const content = fc
      .array(character, { maxLength: 12 })
      .map((characters) => characters.join(''))
      .filter((text) => !`\r\n${text}\r\n`.includes('\r\n--b'));
    fc.assert(
      fc.property(fc.array(content, { maxLength: 4 }), fc.array(fc.nat(90)), (contents, cuts) => {
        const body = Buffer.from(
          `${contents.map((text) => `--b\r\nN: v\r\n\r\n${text}\r\n`).join('')}--b--\r\n`,
        );
        const edges = [
          0,
          ...cuts.map((cut) => cut % body.length).sort((a, b) => a - b),
          body.length,
        ];
        const chunks = edges.slice(1).map((end, index) => body.subarray(edges[index], end));
        expect(parse(chunks).map((part) => part.content)).toEqual(contents);
      }),
    );
  });
});
