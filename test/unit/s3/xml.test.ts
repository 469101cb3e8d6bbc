import { describe, expect, it } from 'vitest';
import { parseLongXml, parseXml, renderXml, type XmlElement } from '../../../src/s3/xml.ts';

function tree(element: XmlElement): unknown {
  return element.children.length === 0
    ? [element.name, element.text]
    : [element.name, ...element.children.map(tree)];
}

describe('renderXml', () => {
  it('writes the declaration, the S3 namespace and elements in property order', () => {
    const document = renderXml('ListBucketResult', {
      Name: 'photos',
      KeyCount: 2,
      IsTruncated: false,
      NextContinuationToken: undefined,
      Contents: [{ Key: 'a' }, { Key: 'b' }],
      Prefix: '',
    });
    expect(document).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>photos</Name>' +
        '<KeyCount>2</KeyCount><IsTruncated>false</IsTruncated><Contents><Key>a</Key></Contents>' +
        '<Contents><Key>b</Key></Contents><Prefix></Prefix></ListBucketResult>',
    );
  });

  it.each([
    ['markup', '<a href="x">&amp;</a>', '&lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt;'],
    ['control characters', 'a\u0001b\u001fc\u007f', 'a&#x1;b&#x1F;c&#x7F;'],
    ['a carriage return, which parsers would turn into a line feed', 'a\r', 'a&#xD;'],
    ['nothing in tabs, line feeds, spaces and emoji', ' \t\n😀é', ' \t\n😀é'],
  ])('escapes %s', (_what, text, escaped) => {
    expect(renderXml('R', { T: text }, { xmlns: null })).toContain(`<R><T>${escaped}</T></R>`);
  });

  it('reads back what it wrote', () => {
    const keys = [
      'a b',
      '<&>"\'',
      '\r\u0001\u001f',
      '日本語/😀',
      ' lead',
      'trail ',
      '&amp;',
      ']]>',
    ];
    const document = renderXml('Delete', { Object: keys.map((key) => ({ Key: key })) });
    const read = parseXml(document, 'Delete').list('Object');
    expect(read.map((object) => object.textOf('Key'))).toEqual(keys);
  });
});

describe('parseXml', () => {
  const documents: readonly [string, string, unknown][] = [
    ['empty and self-closing elements', '<a><k/><k></k></a>', ['a', ['k', ''], ['k', '']]],
    ['white space in values', '<a><k>  x </k></a>', ['a', ['k', '  x ']]],
    ['text that looks like numbers', '<a><k>0012</k></a>', ['a', ['k', '0012']]],
    ['a byte order mark', '\ufeff<a>1</a>', ['a', '1']],
    ['prefixes', '<n:a xmlns:n="u"><n:k>1</n:k></n:a>', ['a', ['k', '1']]],
    ['CDATA, undecoded', '<a><![CDATA[&amp;<k>]]></a>', ['a', '&amp;<k>']],
    ['comments', '<a>1<!-- <k> -->2</a>', ['a', '12']],
    ['references', '<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600;&#1;</a>', ['a', '<>&"\'A😀\u0001']],
    ['an element called toString', '<a><toString>1</toString></a>', ['a', ['toString', '1']]],
    ['the prototype', '<a><__proto__>1</__proto__></a>', ['a', ['__proto__', '1']]],
    [
      'characters that XML 1.1 reads otherwise',
      '<a>\u007f\u0085\u009f\u2028</a>',
      ['a', '\u007f\u0085\u009f\u2028'],
    ],
    ['line ends as line feeds', '<a>1\r\n2\r3</a>', ['a', '1\n2\n3']],
    [
      'attributes, declarations and instructions, unread',
      '<?xml version="1.0" encoding="UTF-8"?><?x y?><a b="&lt;">1</a>\n',
      ['a', '1'],
    ],
  ];
  it.each(documents)('takes %s', (_what, document, expected) => {
    expect(tree(parseXml(document, 'a'))).toEqual(expected);
  });

  it.each([1, 2, 3, 5, 8, 13])('reads the same from slices of %d', async (sliceLength) => {
    for (const [, document] of documents) {
      const whole = tree(parseXml(document, 'a'));
      expect(tree(await parseLongXml(document, 'a', sliceLength))).toEqual(whole);
    }
  });

  it.each([
    ['nothing', ''],
    ['plain text', 'Delete'],
    ['another root', '<b/>'],
    ['two roots', '<a/><a/>'],
    ['text after the root', '<a/>x'],
    ['an unclosed element', '<a><k></a>'],
    ['crossed elements', '<a><k><l></k></l></a>'],
    ['a cut-off tag', '<a></a'],
    ['an unknown entity', '<a>&nbsp;</a>'],
    ['a bare ampersand', '<a>x & y</a>'],
    ['a reference to NUL', '<a>&#0;</a>'],
    ['a reference to half a surrogate pair', '<a>&#xD83D;</a>'],
    ['a reference beyond Unicode', '<a>&#x110000;</a>'],
    ['a document type', '<!DOCTYPE a><a/>'],
    ['entity declarations', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['an external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
    ['17 levels', `${'<a>'.repeat(17)}${'</a>'.repeat(17)}`],
    ['100,001 elements', `<a>${'<k/>'.repeat(200_001)}</a>`],
    ['unquoted attributes', '<a x=1/>'],
    ['a doubled attribute', '<a x="1" x="2"/>'],
    ['a raw control character', '<a>\u0001</a>'],
    ['a processing instruction in place of the root', '<?a b?>'],
  ])('refuses %s', async (_what, document) => {
    const refused = expect.objectContaining({ code: 'MalformedXML' });
    expect(() => parseXml(document, 'a')).toThrow(refused);
    await expect(parseLongXml(document, 'a', 7)).rejects.toThrow(refused);
  });

  it('finds children by name and refuses one that must be single and is not', () => {
    const root = parseXml('<a><k>1</k><l>2</l><l>3</l></a>', 'a');
    expect(root.textOf('k')).toBe('1');
    expect(root.textOf('none')).toBeNull();
    expect(root.list('l').map((child) => child.text)).toEqual(['2', '3']);
    expect(() => root.textOf('l')).toThrow(expect.objectContaining({ code: 'MalformedXML' }));
  });
});
