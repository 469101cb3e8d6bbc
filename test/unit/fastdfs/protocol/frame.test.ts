import { describe, expect, it } from 'vitest';
import { activeTest } from '../../../../src/fastdfs/protocol/commands/active-test.ts';
import { queryFileInfo } from '../../../../src/fastdfs/protocol/commands/query-file-info.ts';
import { uploadFile } from '../../../../src/fastdfs/protocol/commands/upload-file.ts';
import { ProtocolError } from '../../../../src/fastdfs/protocol/errors.ts';
import {
  BODY_SIZE_BYTES_MAX,
  decodeHeader,
  decodeResponseHeader,
  encodeHeader,
  encodeRequestMessage,
  encodeResponseHeader,
  encodeResponseMessage,
  Framer,
} from '../../../../src/fastdfs/protocol/frame.ts';

const FILE = { groupName: 'group1', fileName: 'M00/00/00/Ck0BC2sAwcGAd_EWAAAAAfvbJhU7723416' };

function message(body: string, status = 0): Buffer {
  return Buffer.concat([encodeResponseHeader(status, body.length), Buffer.from(body)]);
}

describe('headers', () => {
  it('are 10 bytes: length, command, status', () => {
    expect(encodeHeader({ bodyLength: 258, code: 11, status: 3 }).toString('hex')).toBe(
      '00000000000001020b03',
    );
  });

  it.each([
    ['negative', 'ffffffffffffffff6400'],
    ['beyond 2^53', '00200000000000006400'],
    ['cut short', '000000000000000064'],
  ])('with a length that is %s are refused', (_, hex) => {
    expect(() => decodeHeader(Buffer.from(hex, 'hex'))).toThrow(ProtocolError);
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 53])('cannot announce %s bytes', (bodyLength) => {
    expect(() => encodeHeader({ bodyLength, code: 11, status: 0 })).toThrow(ProtocolError);
  });

  it('of a response carry command 100 and nothing else', () => {
    expect(() => decodeResponseHeader(Buffer.from('HTTP/1.1 4'))).toThrow(ProtocolError);
    expect(decodeResponseHeader(encodeResponseHeader(22)).status).toBe(22);
  });
});

describe('messages', () => {
  it('count the content that follows an upload', () => {
    const bytes = encodeRequestMessage(uploadFile, {
      storePathIndex: 255,
      fileSize: 1000,
      extension: 'txt',
    });
    expect(decodeHeader(bytes)).toEqual({ bodyLength: 1015, code: 11, status: 0 });
    expect(bytes).toHaveLength(25);
  });

  it('carry the flags of QUERY_FILE_INFO in the status byte', () => {
    const request = { ...FILE, skipCrc32: true, isMissingExpected: true };
    const bytes = encodeRequestMessage(queryFileInfo, request);
    expect(decodeHeader(bytes).status).toBe(3);
    expect(queryFileInfo.decodeRequest(bytes.subarray(10), 3)).toEqual(request);
  });

  it('without a body are a header', () => {
    expect(encodeResponseMessage(activeTest, undefined)).toEqual(encodeResponseHeader(0));
  });
});

describe('Framer', () => {
  it('gives nothing before the header is whole', () => {
    const framer = new Framer();
    framer.push(message('abc').subarray(0, 9));
    expect(framer.readHeader()).toBeNull();
    expect(framer.inStep).toBe(false);
  });

  it('gives a body only when it is whole', () => {
    const framer = new Framer();
    const bytes = message('abcdef');
    framer.push(bytes.subarray(0, 13));
    expect(framer.readHeader()).toEqual({ bodyLength: 6, code: 100, status: 0 });
    expect(framer.readBody()).toBeNull();
    framer.push(bytes.subarray(13));
    expect(framer.readBody()?.toString()).toBe('abcdef');
    expect(framer.inStep).toBe(true);
  });

  it('gives content as it comes, never beyond the end of the body', () => {
    const framer = new Framer();
    framer.push(Buffer.concat([message('abcdef'), message('next')]));
    framer.readHeader();
    expect(framer.readContent()?.toString()).toBe('abcdef');
    expect(framer.readContent()).toBeNull();
    expect(framer.readHeader()?.bodyLength).toBe(4);
    expect(framer.bodyLeft).toBe(4);
  });

  it('gives each of several messages that came in one chunk', () => {
    const framer = new Framer();
    framer.push(Buffer.concat([message('one'), message(''), message('two')]));
    const bodies = [1, 2, 3].map(() => {
      framer.readHeader();
      return framer.readBody()?.toString();
    });
    expect(bodies).toEqual(['one', '', 'two']);
    expect(framer.inStep).toBe(true);
  });

  it('reads a message that comes byte by byte', () => {
    const framer = new Framer();
    const bytes = message('x'.repeat(5000));
    for (const byte of bytes) framer.push(Buffer.of(byte));
    expect(framer.readHeader()?.bodyLength).toBe(5000);
    expect(framer.readBody()?.toString()).toBe('x'.repeat(5000));
  });

  it('lets the head of a body be looked at before its content is read', () => {
    const framer = new Framer();
    const bytes = message('head:content');
    for (const part of [bytes.subarray(0, 12), bytes.subarray(12)]) framer.push(part);
    framer.readHeader();
    expect(framer.peekBody(5).toString()).toBe('head:');
    expect(framer.peekBody(100).toString()).toBe('head:content');
    framer.skipBody(5);
    expect(framer.bodyLeft).toBe(7);
    expect(framer.readBody()?.toString()).toBe('content');
  });

  it('never peeks or skips beyond the body', () => {
    const framer = new Framer();
    framer.push(Buffer.concat([message('ab'), message('cd')]));
    framer.readHeader();
    expect(framer.peekBody(100).toString()).toBe('ab');
    expect(() => framer.skipBody(3)).toThrow(ProtocolError);
  });

  it('refuses a body beyond its bound at once', () => {
    const framer = new Framer();
    framer.push(encodeResponseHeader(0, BODY_SIZE_BYTES_MAX + 1));
    framer.readHeader();
    expect(() => framer.readBody()).toThrow(ProtocolError);
  });

  it('takes a bound of its own', () => {
    const framer = new Framer({ bodySizeBytesMax: 2 });
    framer.push(message('abc'));
    framer.readHeader();
    expect(() => framer.readBody()).toThrow(ProtocolError);
  });

  it('refuses to read a header out of an unread body', () => {
    const framer = new Framer();
    framer.push(message('abc'));
    framer.readHeader();
    expect(() => framer.readHeader()).toThrow(ProtocolError);
  });

  it('can be told that an announced body does not follow', () => {
    const framer = new Framer();
    framer.push(encodeResponseHeader(2, 13));
    framer.readHeader();
    framer.expectNoBody();
    expect(framer.inStep).toBe(true);
  });
});
