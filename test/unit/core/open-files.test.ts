import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HeldFiles, OpenFiles } from '../../../src/core/open-files.ts';

describe('open files', () => {
  it('are open until every reader has let go, whatever the order', () => {
    const step = fc.record({
      reader: fc.nat(3),
      action: fc.constantFrom('add', 'release'),
      file: fc.constantFrom('a', 'b', 'c'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const open = new OpenFiles();
        const readers: HeldFiles[] = Array.from({ length: 4 }, () => open.hold());
        const model: (Set<string> | null)[] = readers.map(() => new Set());
        for (const { reader, action, file } of steps) {
          if (action === 'add') {
            readers[reader]?.add(file);
            model[reader]?.add(file);
          } else {
            readers[reader]?.release();
            model[reader] = null;
          }
        }
        const expected = new Set(model.flatMap((files) => [...(files ?? [])]));
        for (const file of ['a', 'b', 'c']) expect(open.isOpen(file)).toBe(expected.has(file));
        expect(open.openOf(['a', 'b', 'c', 'd'])).toEqual([...expected].sort());
        expect(open.count).toBe(expected.size);
      }),
    );
  });
});
