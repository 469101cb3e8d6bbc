// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates of Kodo have that form
import { describe, expect, it } from 'vitest';
import {
  renderForm,
  renderJson,
  renderText,
  type TemplateValue,
  variablesOf,
} from '../../../../src/qiniu/policy/template.ts';

const values: Readonly<Record<string, TemplateValue>> = {
  key: 'a "b"\\c\n/七',
  fsize: 11,
  imageInfo: { width: 3 },
  'x:user': "u&1=2 +'()*!~",
};
const find = (name: string) => values[name] ?? null;

describe('renderJson', () => {
  it.each([
    // Both styles are found in official material and in programs of customers.
    ['{"k":$(key),"n":$(fsize),"m":$(x:no)}', { k: values.key, n: 11, m: null }],
    ['{"k":"$(key)","n":"$(fsize)","m":"$(x:no)"}', { k: values.key, n: '11', m: '' }],
    ['{"k":"<${key}>","i":$(imageInfo)}', { k: `<${values.key}>`, i: { width: 3 } }],
    ['{"q\\"$(fsize)\\\\":"$(imageInfo)"}', { 'q"11\\': '{"width":3}' }],
    ['[$(fsize),$(fsize)]', [11, 11]],
    ['$(key)', values.key],
  ])('%s', (template, expected) => {
    expect(JSON.parse(renderJson(template, find))).toEqual(expected);
  });

  it.each([
    [' ', ' '],
    ['', ''],
    ['ok $(fsize) $(x:no).', 'ok 11 .'],
    ['k=$(key)', `k=${values.key}`],
    ['$(fsize', '$(fsize'],
    ['$fsize $()', '$fsize '],
  ])('%j is a text', (template, expected) => {
    expect(renderJson(template, find)).toBe(expected);
  });

  it('never lets a value end the string that it stands in', () => {
    const hostile = () => '","admin":true,"x":"\\';
    expect(JSON.parse(renderJson('{"a":"$(v)","b":"$(v)"}', hostile))).toEqual({
      a: hostile(),
      b: hostile(),
    });
  });
});

it('encodes values of forms', () => {
  expect(renderForm('u=$(x:user)&n=$(fsize)&i=$(imageInfo)&m=$(x:no)&z', find)).toBe(
    'u=u%261%3D2%20%2B%27%28%29%2A%21~&n=11&i=%7B%22width%22%3A3%7D&m=&z',
  );
});

it('does not render values again', () => {
  expect(renderText('$(a)-${a}', (name) => (name === 'a' ? '$(b)' : 'never'))).toBe('$(b)-$(b)');
});

it('names the variables', () => {
  expect(variablesOf('$(imageInfo.width) ${key} $(key) $x')).toEqual([
    'imageInfo.width',
    'key',
    'key',
  ]);
});
