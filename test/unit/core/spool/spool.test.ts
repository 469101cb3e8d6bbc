import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.ts';
import { removeSpoolLeftovers, Spool } from '../../../../src/core/spool/spool.ts';
import { SpoolFile } from '../../../../src/core/spool/spool-file.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const small = Buffer.from('0123456789');
const large = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));

function createSpool(options: Partial<ConstructorParameters<typeof Spool>[0]> = {}) {
  const logLines: Record<string, unknown>[] = [];
  const logger = pino({ base: null }, { write: (line) => logLines.push(JSON.parse(line)) });
  const directory = join(temporaryDirectory(), 'spool');
  const defaults = { sizeBytesMax: 2 ** 30, contentMemoryBytesMax: 1000 };
  const spool = new Spool({ directory, logger, ...defaults, ...options });
  return { spool, directory, logLines };
}

function inChunks(bytes: Buffer, size: number): Readable {
  return Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    ),
  );
}

it('keeps content up to the bound in memory and makes no directory for it', async () => {
  const { spool, directory } = createSpool();
  const content = spool.create();
  await content.fill(inChunks(small, 3));
  expect(content).toMatchObject({ size: 10, isComplete: true, isInFile: false });
  expect(existsSync(directory)).toBe(false);
  expect(await buffer(content.open())).toEqual(small);
  content.release();
  expect(spool.usedBytes).toBe(0);
});

it.each([1, 999, 1000, 1001, 65_536, 300_000])(
  'gives larger content back that came in chunks of %i bytes',
  async (chunkSize) => {
    const { spool } = createSpool();
    const content = spool.create();
    const bytes = large.subarray(0, chunkSize === 1 ? 3000 : large.length);
    await content.fill(inChunks(bytes, chunkSize));
    expect(content).toMatchObject({ size: bytes.length, isInFile: true });
    expect((await buffer(content.open())).equals(bytes)).toBe(true);
    content.release();
    expect(spool.usedBytes).toBe(0);
  },
);

it('leaves no file that has a name', async () => {
  const { spool, directory } = createSpool();
  const content = spool.create();
  await content.write(large);
  expect(readdirSync(directory)).toEqual([]);
  content.release();
});

it.each([
  [{}, 0, 300_000],
  [{ start: 100_000 }, 100_000, 300_000],
  [{ start: 5, end: 200_001 }, 5, 200_001],
  [{ start: 299_999, end: 900_000 }, 299_999, 300_000],
  [{ start: 300_000 }, 0, 0],
  [{ start: 400_000 }, 0, 0],
  [{ start: 7, end: 7 }, 0, 0],
])('reads %o', async (range, from, to) => {
  const content = createSpool().spool.create();
  await content.fill(inChunks(large, 70_000));
  expect((await buffer(content.open(range))).equals(large.subarray(from, to))).toBe(true);
  content.release();
});

it('lets readers follow while it grows, across the move to a file', async () => {
  const { spool } = createSpool();
  const content = spool.create();
  await content.write(large.subarray(0, 500));
  const readers = [0, 400, 250_000].map((start) => buffer(content.open({ start })));
  for (let position = 500; position < large.length; position += 90_000) {
    await content.write(large.subarray(position, position + 90_000));
  }
  content.end();
  content.release();
  const [whole, some, rest] = await Promise.all(readers);
  expect(whole?.equals(large)).toBe(true);
  expect(some?.equals(large.subarray(400))).toBe(true);
  expect(rest?.equals(large.subarray(250_000))).toBe(true);
  expect(spool.usedBytes).toBe(0);
});

it('ends a bounded reader before the content is complete', async () => {
  const content = createSpool().spool.create();
  await content.write(large);
  expect(await buffer(content.open({ start: 2, end: 4 }))).toEqual(large.subarray(2, 4));
  content.release();
});

it('fails readers where bytes are missing, with the error of the writer', async () => {
  const content = createSpool().spool.create();
  await content.write(small);
  const reader = content.open();
  const chunks = reader[Symbol.asyncIterator]();
  expect(await chunks.next()).toEqual({ done: false, value: small });
  const next = chunks.next();
  content.fail(new Error('the origin is gone'));
  await expect(next).rejects.toThrow('the origin is gone');
  await expect(content.write(small)).rejects.toThrow('the origin is gone');
  content.release();
});

it('fails with its source, and the waiting reader with it', async () => {
  const content = createSpool().spool.create();
  const reader = buffer(content.open());
  const source = Readable.from(
    (async function* () {
      yield large;
      throw new Error('reset');
    })(),
  );
  await expect(content.fill(source)).rejects.toThrow('reset');
  await expect(reader).rejects.toThrow('reset');
  expect(content.isComplete).toBe(false);
  expect(() => content.toContent()).toThrow('not complete');
  content.release();
});

it('holds the bytes until owner and readers have let go, whichever is last', async () => {
  const { spool } = createSpool();
  const content = spool.create();
  await content.fill(inChunks(large, 100_000));
  const reader = content.open();
  content.release();
  content.release();
  expect(spool.usedBytes).toBe(large.length);
  expect((await buffer(reader)).equals(large)).toBe(true);
  expect(spool.usedBytes).toBe(0);
  expect(() => content.open()).toThrow('released');
});

it('frees what a reader held that was destroyed in the middle', async () => {
  const { spool } = createSpool();
  const content = spool.create();
  await content.write(large);
  const reader = content.open();
  await new Promise((resolve) => reader.once('data', resolve));
  content.release();
  reader.destroy();
  await new Promise((resolve) => reader.once('close', resolve));
  await expect.poll(() => spool.usedBytes).toBe(0);
});

it('frees what was released while it was written', async () => {
  const { spool } = createSpool();
  const content = spool.create();
  const written = content.write(large);
  content.release();
  await expect(written).rejects.toThrow('released');
  expect(spool.usedBytes).toBe(0);
});

it('refuses what is too much for all with ServiceUnavailable, and logs it once', async () => {
  const { spool, logLines } = createSpool({ sizeBytesMax: 400_000 });
  const [first, second] = [spool.create(), spool.create()];
  await first.write(large);
  for (const content of [second, spool.create()]) {
    await expect(content.write(large)).rejects.toMatchObject({ code: 'ServiceUnavailable' });
    content.release();
  }
  expect(spool.usedBytes).toBe(large.length);
  expect(logLines).toEqual([expect.objectContaining({ level: 50, usedBytes: large.length })]);
  first.release();
  const third = spool.create();
  await third.write(large);
  third.release();
});

it('gives strangers half of it, and the rest to others', async () => {
  const { spool } = createSpool({ sizeBytesMax: 400_000 });
  const known = spool.create();
  const strangers = [spool.create({ isOfStranger: true }), spool.create({ isOfStranger: true })];
  const half = large.subarray(0, 100_000);
  for (const content of strangers) await content.write(half);
  const another = spool.create({ isOfStranger: true });
  await expect(another.write(small)).rejects.toMatchObject({ code: 'ServiceUnavailable' });
  await known.write(large.subarray(0, 200_000));
  for (const content of [...strangers, another, known]) content.release();
  expect(spool.usedBytes).toBe(0);
  const later = spool.create({ isOfStranger: true });
  await later.write(half);
  later.release();
});

it('moves to a file once the memory of all content is used up', async () => {
  const { spool } = createSpool({ contentMemoryBytesMax: 40 * 2 ** 20 });
  const bytes = Buffer.alloc(33 * 2 ** 20, 7);
  const [first, second] = [spool.create(), spool.create()];
  await first.write(bytes);
  await second.write(bytes);
  expect([first.isInFile, second.isInFile]).toEqual([false, true]);
  first.release();
  second.release();
});

it('says that it cannot be written when its directory is a file', async () => {
  const file = join(temporaryDirectory(), 'spool');
  writeFileSync(file, '');
  const { spool, logLines } = createSpool({ directory: file });
  const content = spool.create();
  await expect(content.write(large)).rejects.toBeInstanceOf(GatewayError);
  expect(logLines).toHaveLength(1);
  content.release();
  expect(spool.usedBytes).toBe(0);
});

it('answers a full disk with InsufficientStorage', async () => {
  const { spool, logLines } = createSpool();
  const error = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  const create = vi.spyOn(SpoolFile, 'create').mockRejectedValue(error);
  onTestFinished(() => create.mockRestore());
  const content = spool.create();
  await expect(content.write(large)).rejects.toMatchObject({ code: 'InsufficientStorage' });
  expect(logLines).toMatchObject([{ msg: expect.stringContaining('GATEWAY_DATA_DIR') }]);
  content.release();
  expect(spool.usedBytes).toBe(0);
});

it('gives content to core that can be opened twice', async () => {
  const content = createSpool().spool.create();
  await content.fill(inChunks(large, 50_000));
  const incoming = content.toContent();
  expect(incoming.size).toBe(large.length);
  for (const _ of [1, 2]) expect((await buffer(incoming.open())).equals(large)).toBe(true);
  content.release();
});

it('removes what killed processes left, and nothing else', () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, '0f8fad5b-d9cb-469f-a165-70867728950e.spool'), 'x');
  writeFileSync(join(directory, 'notes.txt'), 'x');
  removeSpoolLeftovers(directory);
  expect(readdirSync(directory)).toEqual(['notes.txt']);
  removeSpoolLeftovers(join(directory, 'missing'));
});
