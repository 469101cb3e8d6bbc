import { expect, it } from 'vitest';
import { parseDisposition } from '../../../../src/http/form/part-disposition.ts';

const octets = (text: string) => Buffer.from(text).toString('latin1');

it.each([
  ['form-data; name="a"', 'a', null],
  ['form-data; name=a; filename=b.jpg', 'a', 'b.jpg'],
  ['form-data; name="file"; filename=""', 'file', ''],
  ['Form-Data ; NAME = "a" ; FileName = "b;c.jpg"', 'a', 'b;c.jpg'],
  ['form-data; filename="b.jpg"; name="a"', 'a', 'b.jpg'],
  ['form-data; name="名"; filename="照片.jpg"', '名', '照片.jpg'],
  ['form-data; name="a"; filename="x%22y%0D%0a.jpg"', 'a', 'x"y\r\n.jpg'],
  ['form-data; name="a"; filename="100%25.jpg"', 'a', '100%25.jpg'],
  ['form-data; name="a"; filename="x\\"y\\\\z.jpg"', 'a', 'x"y\\z.jpg'],
  ['form-data; name="a"; filename="C:\\dir\\new.jpg"', 'a', 'C:\\dir\\new.jpg'],
  ['form-data; name="a"; filename="x.jpg"; filename*=UTF-8\'\'%e7%85%a7.jpg', 'a', '照.jpg'],
  ['form-data; name="a"; filename*=utf-8\'en\'a%20b.jpg', 'a', 'a b.jpg'],
  ['form-data; name="a"; filename*=iso-8859-1\'\'%e4.jpg', 'a', 'ä.jpg'],
  ['form-data; name="a"; filename="x.jpg"; filename*=gbk\'\'%d5.jpg', 'a', 'x.jpg'],
  ['form-data; name="a"; name="b"', 'a', null],
  ['form-data; name="a"; filename="C:\\"', 'a', 'C:\\'],
  ['form-data; name="a"; filename="C:\\"; x="y"', 'a', 'C:"; x='],
])('%s', (header, name, fileName) => {
  expect(parseDisposition(octets(header))).toEqual({ name, fileName });
});

it('marks what is not UTF-8', () => {
  const parsed = parseDisposition('form-data; name="a"; filename="\xd5\xd5.jpg"');
  expect(parsed?.fileName).toBe('\ufffd\ufffd.jpg');
});

it.each([
  '',
  'attachment; filename="x"',
  'form-data',
  'form-data; filename="x"',
  'form-datax; name="a"',
])('is none: %s', (header) => {
  expect(parseDisposition(header)).toBeNull();
});

it('takes text of many backslashes without an end for none', () => {
  const parsed = parseDisposition(`form-data; name="a"; filename="${'\\'.repeat(48)}`);
  expect(parsed).toEqual({ name: 'a', fileName: '' });
});
