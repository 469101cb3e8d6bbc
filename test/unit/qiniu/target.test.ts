import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../../src/qiniu/target.ts';

describe('parseTarget', () => {
  it('keeps what signatures cover as it was received', () => {
    const target = parseTarget('/a%2Fb//c?x=%41&y');
    expect(target).toMatchObject({
      ...{ raw: '/a%2Fb//c?x=%41&y', path: '/a%2Fb//c', rawQuery: 'x=%41&y' },
      rawSegments: ['a%2Fb', '', 'c'],
    });
  });

  it('reads parameters: the first one counts, a plus is a space', () => {
    const { query } = parseTarget('/list?a=1&a=2&b=x+y%2B&empty=&c=%E4%B8%83');
    expect(['a', 'b', 'empty', 'c', 'none'].map((name) => query.get(name))).toEqual([
      ...['1', 'x y+', '', '七', null],
    ]);
    expect([query.has('empty'), query.has('none')]).toEqual([true, false]);
    expect(() => parseTarget('/list?a=%ff').query.get('a')).toThrow('utf8');
  });

  it('takes the path of an absolute target', () => {
    expect(parseTarget('http://gw:9002/stat/x?y').raw).toBe('/stat/x?y');
    expect(parseTarget('http://gw:9002').raw).toBe('/');
    expect(parseTarget('/').rawQuery).toBeNull();
  });

  it.each(['*', 'gw:443', '', '/a#b'])('%j is refused', (target) =>
    expect(() => parseTarget(target)).toThrow('invalid path'),
  );
});
