import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StorageFaults } from '../../../../src/fastdfs/server/faults.ts';
import { FileNaming } from '../../../../src/fastdfs/server/file-naming.ts';
import { FileStore } from '../../../../src/fastdfs/server/file-store.ts';
import { resolveSettings } from '../../../../src/fastdfs/server/settings.ts';

const NAME = 'M00/00/00/fwAAAWsA2TOARYgOAAST4JfLaFQ3437497';

let storePath: string;
beforeEach(() => {
  storePath = mkdtempSync(join(tmpdir(), 'file-store-'));
});
afterEach(() => rmSync(storePath, { recursive: true }));

const openStore = (durability: 'fsync' | 'none' = 'fsync') =>
  new FileStore(resolveSettings({ storePath, durability, reservedBytes: 0 }), new StorageFaults());

async function publish(store: FileStore, fileName: string, content: string): Promise<boolean> {
  const staged = store.stage();
  await staged.write([Buffer.from(content)]);
  const published = await store.publish(staged, fileName);
  if (!published) staged.discard();
  return published;
}

const status = (fastdfsStatus: number) => expect.objectContaining({ fastdfsStatus });
const code = (value: string) => expect.objectContaining({ code: value });

describe.each(['fsync', 'none'] as const)('publishing with durability %s', (durability) => {
  it('shows a file only when it is whole', async () => {
    const store = openStore(durability);
    const staged = store.stage();
    await staged.write([Buffer.from('half')]);
    expect(store.exists(NAME)).toBe(false);
    await staged.write([Buffer.from(' and half')]);
    expect(await store.publish(staged, NAME)).toBe(true);
    expect(readFileSync(join(storePath, 'data', NAME.slice(4)), 'utf8')).toBe('half and half');
    expect(readdirSync(join(storePath, 'data/.uploading'))).toEqual([]);
  });

  it('never overwrites a file', async () => {
    const store = openStore(durability);
    expect(await publish(store, NAME, 'first')).toBe(true);
    expect(await publish(store, NAME, 'second')).toBe(false);
    expect(readFileSync(join(storePath, 'data', NAME.slice(4)), 'utf8')).toBe('first');
    expect(readdirSync(join(storePath, 'data/.uploading'))).toEqual([]);
  });

  it('makes directories again that someone removed', async () => {
    const store = openStore(durability);
    await publish(store, NAME, 'first');
    rmSync(join(storePath, 'data/00'), { recursive: true });
    rmSync(join(storePath, 'data/.uploading'), { recursive: true });
    expect(await publish(store, NAME, 'second')).toBe(true);
  });
});

describe('opening the store', () => {
  it('removes what a crash left, and nothing else', async () => {
    const store = openStore();
    await publish(store, NAME, 'kept');
    const staged = store.stage();
    await staged.write([Buffer.from('cut off')]);
    const leftovers = join(storePath, 'data/.uploading');
    mkdirSync(join(leftovers, 'directory'));
    expect(readdirSync(leftovers)).toHaveLength(2);
    const next = openStore();
    expect(readdirSync(leftovers)).toEqual([]);
    expect(next.exists(NAME)).toBe(true);
    staged.discard();
  });

  it('does not follow a link in place of the directory for uploads', () => {
    mkdirSync(join(storePath, 'data'));
    const outside = mkdtempSync(join(tmpdir(), 'outside-'));
    writeFileSync(join(outside, 'precious'), '');
    symlinkSync(outside, join(storePath, 'data/.uploading'));
    expect(() => openStore()).toThrow(status(22));
    expect(existsSync(join(outside, 'precious'))).toBe(true);
    rmSync(outside, { recursive: true });
  });
});

describe('names that lead elsewhere', () => {
  const escapes = [
    '../../../etc/passwd',
    '/etc/passwd',
    'M00/00/00/..',
    'M00/00/00/../../../../../../../../etc/passwd',
    'M00/../00/fwAAAWsA2TOARYgOAAST4JfLaFQ3437497',
    'M01/00/00/fwAAAWsA2TOARYgOAAST4JfLaFQ3437497',
    'M00/00/0a/fwAAAWsA2TOARYgOAAST4JfLaFQ3437497',
    'M00/00/00/fwAAAWsA2TOARYgOAAST4JfLaFQ/../../x',
    'M00/00/00/fwAAAWsA2TOARYgOAAST4JfLaFQ343749\0',
    `M00/00/00/${'a'.repeat(118)}`,
    '',
  ];

  it.each(escapes)('%j is refused with 22', async (fileName) => {
    const store = openStore('none');
    expect(() => store.open(fileName, 'read')).toThrow(status(22));
    expect(() => store.exists(fileName)).toThrow(status(22));
    await expect(store.delete(fileName)).rejects.toThrow(status(22));
  });

  it('are refused whatever they look like, or stay inside', () => {
    const store = openStore('none');
    const inside = join(storePath, 'data', '00', '00');
    mkdirSync(inside, { recursive: true });
    const piece = fc.constantFrom('M00', '00', '..', '.', '/', 'A', '\0', '-m', '\\', 'é', NAME);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const fileName = pieces.join('');
        let path: string;
        try {
          path = store.locate(fileName);
        } catch (error) {
          return ['fastdfsStatus', 'code'].some((key) => Object.hasOwn(error as object, key));
        }
        return /^[^/]+$/.test(path.slice(inside.length + 1)) && path.startsWith(`${inside}/`);
      }),
    );
  });

  it('are refused when links inside the store make them', async () => {
    const store = openStore('none');
    const outside = mkdtempSync(join(tmpdir(), 'outside-'));
    writeFileSync(join(outside, NAME.slice(10)), 'secret');
    mkdirSync(join(storePath, 'data/00/00'), { recursive: true });
    symlinkSync(join(outside, NAME.slice(10)), join(storePath, 'data', NAME.slice(4)));
    expect(() => store.open(NAME, 'read')).toThrow(code('ELOOP'));
    expect(store.exists(NAME)).toBe(false);
    await expect(store.delete(NAME)).rejects.toThrow(status(22));
    symlinkSync(outside, join(storePath, 'data/00/01'));
    const throughDirectory = NAME.replace('00/00/00', '00/00/01').replace('M00/00/00', 'M00/00/01');
    expect(() => store.open(throughDirectory, 'read')).toThrow(status(22));
    symlinkSync(outside, join(storePath, 'data/01'));
    expect(() => store.open(NAME.replace('M00/00', 'M00/01'), 'read')).toThrow(status(22));
    expect(readFileSync(join(outside, NAME.slice(10)), 'utf8')).toBe('secret');
    rmSync(outside, { recursive: true });
  });

  it('of directories and other things are no files', () => {
    const store = openStore('none');
    mkdirSync(join(storePath, 'data', NAME.slice(4)), { recursive: true });
    expect(() => store.open(NAME, 'read')).toThrow(status(21));
  });
});

describe('naming', () => {
  it('gives up after ten names that exist', async () => {
    const store = openStore('none');
    const naming = new FileNaming(store, { host: '10.1.2.3' }, new StorageFaults());
    let tries = 0;
    store.publish = async () => {
      tries += 1;
      return false;
    };
    const staged = store.stage();
    await expect(naming.publish(staged, { extension: 'txt', isAppender: false })).rejects.toThrow(
      status(17),
    );
    expect(tries).toBe(10);
    staged.discard();
  });
});
