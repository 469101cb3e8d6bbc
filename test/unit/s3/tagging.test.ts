import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { ReceivedHeaders } from '../../../src/http/request-headers.ts';
import {
  parseTagging,
  renderTagging,
  taggingDirective,
  taggingHeader,
} from '../../../src/s3/tagging.ts';

function outcome(check: () => unknown): unknown {
  try {
    return check();
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
}

const ofHeader = (value: string) =>
  outcome(() => taggingHeader(ReceivedHeaders.parse(['x-amz-tagging', value])));

/** Characters that tags may have and that queries and XML each treat in their own way. */
const character = fc.constantFrom('a', 'Z', '0', ' ', '+', '=', '.', '/', ':', '@', 'é', '名', '𐐀');
const tags = fc
  .uniqueArray(
    fc.tuple(
      fc.string({ unit: character, minLength: 1, maxLength: 60 }),
      fc.string({ unit: character, maxLength: 60 }),
    ),
    { maxLength: 10, selector: ([key]) => key },
  )
  .map((pairs) => Object.fromEntries(pairs));

describe('x-amz-tagging', () => {
  it.each<[string, unknown]>([
    ['', {}],
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a=1&bar', { a: '1', bar: '' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=1&&b=2&', { a: '1', b: '2' }],
    ['a+b=c%2Bd%20e', { 'a b': 'c+d e' }],
    ['%C3%A9=\u00c3\u00a9', { é: 'é' }],
    ['__proto__=1', Object.fromEntries([['__proto__', '1']])],
    ['=1', 'InvalidTag'],
    ['a=1&a=2', 'InvalidArgument'],
    ['a=%zz', 'InvalidArgument'],
    ['a=%', 'InvalidArgument'],
    ['a=%C3', 'InvalidArgument'],
    ['a=\u00e9', 'InvalidArgument'],
    ['a=%26', 'InvalidTag'],
    ['aws:a=1', 'InvalidTag'],
    [Array.from({ length: 11 }, (_, number) => `k${number}=`).join('&'), 'BadRequest'],
  ])('%j is %j', (value, expected) => {
    expect(ofHeader(value)).toEqual(expected);
  });

  it('is null without the header', () => {
    expect(taggingHeader(ReceivedHeaders.parse([]))).toBeNull();
  });

  it('reads all that URLSearchParams writes', () => {
    fc.assert(
      fc.property(tags, (written) => {
        expect(ofHeader(new URLSearchParams(written).toString())).toEqual(written);
      }),
    );
  });

  it('never fails otherwise than with an error of S3', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '=', '&', '%', '2', 'f', '+') }),
        (text) => {
          expect(['string', 'object']).toContain(typeof ofHeader(text));
        },
      ),
    );
  });
});

describe('Tagging documents', () => {
  it('are read as they were rendered, in the order of their keys', () => {
    fc.assert(
      fc.property(tags, (written) => {
        const document = renderTagging(written);
        expect(parseTagging(document)).toEqual(written);
        const keys = [...document.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key ?? '');
        expect(keys).toEqual(
          [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
        );
      }),
    );
  });

  it.each([
    ['', 'MalformedXML'],
    ['<Tagging/>', 'MalformedXML'],
    ['<Tagging><TagSet/></Tagging>', {}],
    ['<Tagging><TagSet/><TagSet/></Tagging>', 'MalformedXML'],
    ['<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>', 'MalformedXML'],
    ['<Tagging><TagSet><Tag><Value>a</Value></Tag></TagSet></Tagging>', 'MalformedXML'],
    ['<Tagging><TagSet><Tab><Key>a</Key><Value/></Tab></TagSet></Tagging>', 'MalformedXML'],
    ['<Tagging><TagSet><Tag><Key>a</Key><Value/><X/></Tag></TagSet></Tagging>', 'MalformedXML'],
    ['<Tagging><TagSet><Tag><Key>a</Key><Value> b </Value></Tag></TagSet></Tagging>', { a: ' b ' }],
    ['<Tagging><TagSet><Tag><Key>&a;</Key><Value/></Tag></TagSet></Tagging>', 'MalformedXML'],
  ])('%s is %j', (document, expected) => {
    expect(outcome(() => parseTagging(document))).toEqual(expected);
  });
});

describe('x-amz-tagging-directive', () => {
  it.each([
    [[], 'COPY'],
    [['x-amz-tagging-directive', 'COPY'], 'COPY'],
    [['x-amz-tagging-directive', 'REPLACE'], 'REPLACE'],
    [['x-amz-tagging-directive', 'replace'], 'InvalidArgument'],
  ])('%j is %s', (headers, expected) => {
    expect(outcome(() => taggingDirective(ReceivedHeaders.parse(headers)))).toBe(expected);
  });
});
