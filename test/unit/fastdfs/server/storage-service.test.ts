import { randomBytes } from 'node:crypto';
import { crc32 } from '@node-rs/crc32';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeFileName } from '../../../../src/fastdfs/protocol/file-name-fields.ts';
import { startTestNode, type TestNode } from '../../../support/embedded-node.ts';
import { named, StorageDriver } from '../../../support/storage-driver.ts';

let node: TestNode;
let storage: StorageDriver;

beforeAll(async () => {
  node = await startTestNode();
});
afterAll(() => node.remove());
beforeEach(async () => {
  storage = new StorageDriver(await node.connectToStorage());
  return () => storage.connection.vanish();
});

const text = (value: string) => Buffer.from(value);
const nowSeconds = () => Math.floor(Date.now() / 1000);

describe('upload', () => {
  it.each([1, 4096, 65_535, 65_536, 65_537, 262_144, 524_289, 5_000_000])(
    'keeps %d bytes under a name that tells source, time, size and CRC-32',
    async (size) => {
      const content = randomBytes(size);
      const before = nowSeconds();
      const fileName = await storage.store(content);
      const fields = decodeFileName(fileName);
      expect(fields).toMatchObject({
        kind: 'normal',
        size,
        crc32: crc32(content),
        source: { host: '127.0.0.1' },
        extension: 'bin',
      });
      expect(fields.timestamp).toBeGreaterThanOrEqual(before);
      expect(fields.timestamp).toBeLessThanOrEqual(nowSeconds());
      const stored = await storage.download(fileName);
      expect(content.equals(stored as Buffer)).toBe(true);
    },
  );

  it.each(['', 'c', 'txt', 'tar.gz', 'abcdef', 'a-b_c'])(
    'ends the name in the extension %j',
    async (extension) => {
      const fileName = await storage.store(text('x'), extension);
      const suffix = extension === '' ? '' : `.${extension}`;
      expect(fileName.slice(-7)).toMatch(new RegExp(`^\\d{${7 - suffix.length}}`));
      expect(fileName).toHaveLength(44);
      expect(fileName.endsWith(suffix)).toBe(true);
    },
  );

  it('gives equal contents different names', async () => {
    const names = new Set<string>();
    for (let i = 0; i < 20; i += 1) names.add(await storage.store(text('same')));
    expect(names.size).toBe(20);
  });

  it('takes an empty file, which cannot be downloaded', async () => {
    const fileName = await storage.store(Buffer.alloc(0));
    expect(decodeFileName(fileName)).toMatchObject({ size: 0, crc32: 0 });
    expect(await storage.info(fileName)).toMatchObject({ fileSize: 0, crc32: 0 });
    expect(await storage.download(fileName)).toBe(22);
  });
});

describe('download', () => {
  const content = text('0123456789');

  it.each([
    ['all of it', 0, 0, '0123456789'],
    ['a range', 2, 3, '234'],
    ['the rest', 7, 0, '789'],
    ['the last byte', 9, 1, '9'],
    ['a range that passes the end, cut there', 8, 100, '89'],
  ])('sends %s', async (_name, offset, size, expected) => {
    const fileName = await storage.store(content);
    expect(String(await storage.download(fileName, offset, size))).toBe(expected);
  });

  it.each([10, 11, 1_000_000])('refuses offset %d of 10 bytes and closes', async (offset) => {
    const fileName = await storage.store(content);
    expect(await storage.download(fileName, offset)).toBe(22);
    await storage.connection.closedByServer();
  });

  it('streams ranges of a large file', async () => {
    const large = randomBytes(3_000_000);
    const fileName = await storage.store(large);
    const range = await storage.download(fileName, 1_234_567, 1_500_001);
    expect(large.subarray(1_234_567, 1_234_567 + 1_500_001).equals(range as Buffer)).toBe(true);
  });

  it('answers 2 for a missing file and keeps the connection', async () => {
    const fileName = await storage.store(content);
    expect(await storage.delete(fileName)).toBe(0);
    expect(await storage.download(fileName)).toBe(2);
    expect(await storage.info(fileName)).toBe(2);
    expect(await storage.delete(fileName)).toBe(2);
  });
});

describe('metadata', () => {
  it('are kept sorted, replaced, merged and removed', async () => {
    const fileName = await storage.store(text('x'));
    expect(await storage.getMetadata(fileName)).toBe(2);
    expect(await storage.setMetadata(fileName, 'overwrite', { width: '160', author: 'a' })).toBe(0);
    expect(await storage.getMetadata(fileName)).toEqual(['author=a', 'width=160']);
    expect(await storage.setMetadata(fileName, 'merge', { width: '90', bg: '' })).toBe(0);
    expect(await storage.getMetadata(fileName)).toEqual(['author=a', 'bg=', 'width=90']);
    expect(await storage.setMetadata(fileName, 'merge', {})).toBe(0);
    expect(await storage.getMetadata(fileName)).toEqual(['author=a', 'bg=', 'width=90']);
    expect(await storage.setMetadata(fileName, 'overwrite', {})).toBe(0);
    expect(await storage.getMetadata(fileName)).toBe(2);
    expect(await storage.setMetadata(fileName, 'overwrite', {})).toBe(0);
  });

  it('go with their file', async () => {
    const fileName = await storage.store(text('x'));
    await storage.setMetadata(fileName, 'overwrite', { a: 'b' });
    expect(await storage.delete(fileName)).toBe(0);
    expect(await storage.getMetadata(fileName)).toBe(2);
    expect(node.filesOnDisk()).not.toContain(`${fileName.slice(10)}-m`);
  });

  it('of concurrent merges all survive', async () => {
    const fileName = await storage.store(text('x'));
    const others = await Promise.all(
      Array.from({ length: 8 }, async () => new StorageDriver(await node.connectToStorage())),
    );
    await Promise.all(others.map((o, i) => o.setMetadata(fileName, 'merge', { [`k${i}`]: 'v' })));
    expect(await storage.getMetadata(fileName)).toHaveLength(8);
    for (const other of others) other.connection.vanish();
  });

  it('need a file', async () => {
    const fileName = await storage.store(text('x'));
    await storage.delete(fileName);
    expect(await storage.setMetadata(fileName, 'overwrite', { a: 'b' })).toBe(2);
  });
});

describe('slave files', () => {
  it('are named after their master and outlive it', async () => {
    const master = await storage.store(text('master'), 'txt');
    const slave = named(await storage.uploadSlave(master, '_150x150', text('slave')));
    expect(slave).toBe(`${master.slice(0, -4)}_150x150.jpg`);
    await storage.delete(master);
    expect(String(await storage.download(slave))).toBe('slave');
    expect(await storage.info(slave)).toMatchObject({ fileSize: 5, crc32: crc32('slave') });
    expect(await storage.info(slave, true)).toMatchObject({ fileSize: 5, crc32: 0 });
  });

  it('are never overwritten', async () => {
    const master = await storage.store(text('master'));
    await storage.uploadSlave(master, '_s', text('first'));
    expect(await storage.uploadSlave(master, '_s', text('second'))).toBe(17);
    const slave = `${master.slice(0, -4)}_s.jpg`;
    expect(String(await storage.download(slave))).toBe('first');
  });

  it('need a master', async () => {
    const master = await storage.store(text('master'));
    await storage.delete(master);
    expect(await storage.uploadSlave(master, '_s', text('slave'))).toBe(2);
  });

  it.each([
    ['-m', 'x-m', ''],
    ['a name of another metadata file', '_s', '-m'],
  ])('cannot take %s', async (_name, prefix, extension) => {
    const master = await storage.store(text('master'));
    expect(await storage.uploadSlave(master, prefix, text('s'), extension)).toBe(22);
  });
});

describe('appender files', () => {
  it('grow, change and shrink', async () => {
    const fileName = await storage.storeAppender(text('hello'));
    expect(decodeFileName(fileName)).toMatchObject({ kind: 'appender', size: null });
    expect(await storage.append(fileName, text(' world'))).toBe(0);
    expect(await storage.modify(fileName, 0, text('J'))).toBe(0);
    expect(await storage.modify(fileName, 11, text('!!'))).toBe(0);
    expect(String(await storage.download(fileName))).toBe('Jello world!!');
    expect(await storage.truncate(fileName, 5)).toBe(0);
    expect(await storage.truncate(fileName, 5)).toBe(0);
    expect(await storage.truncate(fileName, 7)).toBe(0);
    expect(String(await storage.download(fileName))).toBe('Jello\0\0');
    expect(await storage.info(fileName)).toMatchObject({ fileSize: 7, crc32: crc32('Jello\0\0') });
    expect(await storage.append(fileName, Buffer.alloc(0))).toBe(0);
    expect(await storage.modify(fileName, 3, Buffer.alloc(0))).toBe(0);
  });

  it('take appends larger than one write', async () => {
    const [first, second] = [randomBytes(700_000), randomBytes(2_500_000)];
    const fileName = await storage.storeAppender(first);
    expect(await storage.append(fileName, second)).toBe(0);
    const stored = await storage.download(fileName);
    expect(Buffer.concat([first, second]).equals(stored as Buffer)).toBe(true);
  });

  it('become normal files with the right size and CRC-32', async () => {
    const fileName = await storage.storeAppender(text('some'), 'txt');
    await storage.append(fileName, text(' content'));
    await storage.setMetadata(fileName, 'overwrite', { a: 'b' });
    const newName = named(await storage.regenerate(fileName));
    expect(decodeFileName(newName)).toMatchObject({
      kind: 'normal',
      size: 12,
      crc32: crc32('some content'),
    });
    expect(newName.slice(0, 10)).toBe(fileName.slice(0, 10));
    expect(newName.slice(-7)).toBe(fileName.slice(-7));
    expect(String(await storage.download(newName))).toBe('some content');
    expect(await storage.download(fileName)).toBe(2);
    expect(await storage.getMetadata(fileName)).toBe(2);
    expect(node.filesOnDisk()).not.toContain(`${fileName.slice(10)}-m`);
  });

  it.each<[string, (driver: StorageDriver, name: string) => Promise<unknown>]>([
    ['append', (driver, name) => driver.append(name, text('x'))],
    ['modify', (driver, name) => driver.modify(name, 0, text('x'))],
    ['truncate', (driver, name) => driver.truncate(name, 0)],
    ['regenerate', (driver, name) => driver.regenerate(name)],
  ])('alone take %s: 22 for a normal file, 2 for a missing one', async (_name, run) => {
    const appender = await storage.storeAppender(text('x'));
    await storage.delete(appender);
    expect(await run(storage, appender)).toBe(2);
    const normal = await storage.store(text('x'));
    expect(await run(storage, normal)).toBe(22);
    await storage.connection.closedByServer();
  });

  it('refuse a modify behind their end', async () => {
    const fileName = await storage.storeAppender(text('12345'));
    expect(await storage.modify(fileName, 6, text('x'))).toBe(22);
  });

  it('keep the bytes of concurrent appends together', async () => {
    const fileName = await storage.storeAppender(Buffer.alloc(0));
    const drivers = await Promise.all(
      Array.from({ length: 6 }, async () => new StorageDriver(await node.connectToStorage())),
    );
    await Promise.all(
      drivers.map((driver, i) => driver.append(fileName, Buffer.alloc(1_000_000, 65 + i))),
    );
    const stored = String(await storage.download(fileName));
    const runs = stored.match(/(.)\1*/g) ?? [];
    expect(runs.map((run) => run.length)).toEqual(Array.from({ length: 6 }, () => 1_000_000));
    for (const driver of drivers) driver.connection.vanish();
  });
});
