import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { FilePiece } from '../../../src/blob-store/blob-store.ts';
import { downloadFile } from '../../../src/fastdfs/protocol/commands/download-file.ts';
import { queryFetchAll } from '../../../src/fastdfs/protocol/commands/query-fetch.ts';
import { encodeFileName } from '../../../src/fastdfs/protocol/file-name-fields.ts';
import type { FakeStorage } from '../../support/fake-cluster.ts';
import { at, type Bench, neverAborted as signal, startBench } from './harness.ts';

const DOWNLOAD = downloadFile.code;
const ACTIVE = 7;
const WAIT_SYNC = 1;
const OFFLINE = 5;
const NOT_FOUND = 2;
const BUSY = 16;
const DAY = 86_400;
const content = randomBytes(100);

function nowS(): number {
  return Math.trunc(Date.now() / 1000);
}

function downloads(storage: FakeStorage): number {
  return storage.requests.filter((code) => code === DOWNLOAD).length;
}

interface FileOptions {
  readonly ageS: number;
  readonly sourceId?: number;
  readonly kind?: 'normal' | 'appender' | 'slave';
}

/** Puts a file on all storage servers; the first one, whose id is 1, is its source. */
function putFile(
  { storages }: Bench,
  { ageS, sourceId = 1, kind = 'normal' }: FileOptions,
): FilePiece {
  const isNormal = kind === 'normal';
  const name = encodeFileName({
    storePathIndex: 0,
    directories: [0, 0],
    source: { storageId: sourceId },
    timestamp: nowS() - ageS,
    // The name of a slave tells size and CRC-32 of its master.
    size: isNormal ? content.length : 7,
    crc32: isNormal ? crc32(content) : 7,
    isAppender: kind === 'appender',
    extension: '',
    random: { sizeBits: 1, tailDigits: 1 },
  });
  const fileName = kind === 'slave' ? `${name}_150x150.jpg` : name;
  for (const storage of storages) storage.files.set(fileName, content);
  return { fileId: `group1/${fileName}`, offset: 0, size: content.length };
}

/** A file of that age on all storage servers of a group. */
async function startWithFile(ageS: number, count = 2): Promise<{ bench: Bench; piece: FilePiece }> {
  const bench = await startBench({ group1: count });
  return { bench, piece: putFile(bench, { ageS }) };
}

async function readTimes({ store }: Bench, piece: FilePiece, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) expect(await store.read(piece, { signal })).toEqual(content);
}

describe('a file is read', () => {
  it('from all servers in turn when it is old enough', async () => {
    const { bench, piece } = await startWithFile(2 * DAY, 3);
    await readTimes(bench, piece, 90);
    for (const storage of bench.storages) expect(downloads(storage)).toBeGreaterThan(5);
    expect(bench.tracker.requests).not.toContain(queryFetchAll.code);
  });

  it('from its source alone while its replicas may lag', async () => {
    const { bench, piece } = await startWithFile(60);
    await readTimes(bench, piece, 20);
    expect(downloads(at(bench.storages, 0))).toBe(20);
  });

  it('from a replica that has later files, too', async () => {
    const bench = await startBench({ group1: 2 });
    at(bench.storages, 1).lastSyncedS = nowS() - 10;
    const piece = putFile(bench, { ageS: 60 });
    await readTimes(bench, piece, 60);
    for (const storage of bench.storages) expect(downloads(storage)).toBeGreaterThan(5);
  });

  it('from the server with the fewest requests under way', async () => {
    const { bench, piece } = await startWithFile(2 * DAY);
    let goOn = () => {};
    const isHeld = new Promise<void>((hold) => {
      const mayGoOn = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      at(bench.storages, 0).intercept = async (_peer, { code }) => {
        if (code !== DOWNLOAD) return false;
        hold();
        await mayGoOn;
        return false;
      };
    });
    const slow: Promise<Buffer>[] = [];
    for (let outcome: Buffer | null = content; outcome !== null; ) {
      const read = bench.store.read(piece, { signal });
      slow.push(read);
      outcome = await Promise.race([read, isHeld.then(() => null)]);
    }
    const before = downloads(at(bench.storages, 1));
    await readTimes(bench, piece, 20);
    expect(downloads(at(bench.storages, 1))).toBe(before + 20);
    goOn();
    expect(await Promise.all(slow)).toEqual(slow.map(() => content));
  });

  it('from a replica that may lag when the source is down', async () => {
    const { bench, piece } = await startWithFile(60, 3);
    await at(bench.storages, 0).stop();
    at(bench.storages, 1).files.clear();
    await readTimes(bench, piece, 5);
  });

  it('from its source when an old file never came to the replica', async () => {
    const { bench, piece } = await startWithFile(2 * DAY);
    at(bench.storages, 1).files.clear();
    await readTimes(bench, piece, 30);
  });

  it('from no server that is being filled', async () => {
    const { bench, piece } = await startWithFile(2 * DAY);
    at(bench.storages, 1).status = WAIT_SYNC;
    await readTimes(bench, piece, 20);
    expect(downloads(at(bench.storages, 1))).toBe(0);
  });

  it('from one that trackers lost sight of when nothing else is left', async () => {
    const { bench, piece } = await startWithFile(60);
    at(bench.storages, 1).status = OFFLINE;
    await at(bench.storages, 0).stop();
    await readTimes(bench, piece, 2);
  });

  it('from its source a second time when that was busy', async () => {
    const { bench, piece } = await startWithFile(60, 1);
    let answers = 0;
    at(bench.storages, 0).intercept = (peer, { code }) => {
      if (code !== DOWNLOAD || answers > 0) return false;
      answers += 1;
      peer.answer(BUSY);
      return true;
    };
    await readTimes(bench, piece, 1);
    expect(downloads(at(bench.storages, 0))).toBe(2);
  });
});

describe('a file whose source the trackers do not list', () => {
  async function startWithOrphan(ageS: number) {
    const bench = await startBench({ group1: 2 });
    return { bench, piece: putFile(bench, { ageS, sourceId: 9 }) };
  }

  it('is read without asking a tracker when it is old', async () => {
    const { bench, piece } = await startWithOrphan(2 * DAY);
    expect(await bench.store.read(piece, { signal })).toEqual(content);
    expect(bench.tracker.requests).not.toContain(queryFetchAll.code);
  });

  it('is read where a tracker says when it is young', async () => {
    const { bench, piece } = await startWithOrphan(60);
    const named = at(bench.storages, 1);
    bench.tracker.intercept = (peer, { code }) => {
      if (code !== queryFetchAll.code) return false;
      const targets = { groupName: 'group1', storages: [named.address] };
      peer.answer(0, queryFetchAll.encodeResponse(targets));
      return true;
    };
    expect(await bench.store.read(piece, { signal })).toEqual(content);
    expect(downloads(at(bench.storages, 0))).toBe(0);
    named.files.clear();
    expect(await bench.store.read(piece, { signal })).toEqual(content);
  });

  it('is not known to be gone when all servers lack it', async () => {
    const { bench, piece } = await startWithOrphan(60);
    for (const storage of bench.storages) storage.files.clear();
    const result = bench.store.read(piece, { signal });
    await expect(result).rejects.toMatchObject({ reason: 'unavailable' });
  });
});

describe('a file that can change', () => {
  it.each(['appender', 'slave'] as const)(
    'is read from its source while that has it, and taken as it comes: %s',
    async (kind) => {
      const bench = await startBench({ group1: 2 });
      const piece = putFile(bench, { ageS: 2 * DAY, kind });
      await readTimes(bench, piece, 20);
      expect(downloads(at(bench.storages, 1))).toBe(0);
      expect(bench.events).not.toContainEqual(
        expect.objectContaining({ kind: 'checksum-mismatch' }),
      );
      at(bench.storages, 0).files.clear();
      const result = bench.store.read(piece, { signal });
      await expect(result).rejects.toMatchObject({ reason: 'not-found' });
    },
  );

  it.each(['appender', 'slave'] as const)(
    'is read from a replica when its source does not answer: %s',
    async (kind) => {
      const bench = await startBench({ group1: 2 });
      const piece = putFile(bench, { ageS: 2 * DAY, kind });
      await readTimes(bench, piece, 1);
      await at(bench.storages, 0).stop();
      await readTimes(bench, piece, 3);
      expect(downloads(at(bench.storages, 1))).toBe(3);
    },
  );
});

describe('"not found"', () => {
  it.each([
    ['from the source proves that a file is gone', ACTIVE, 'not-found'],
    ['proves nothing from a source that is not in service', WAIT_SYNC, 'unavailable'],
  ])('%s', async (_name, status, reason) => {
    const { bench, piece } = await startWithFile(60);
    at(bench.storages, 0).status = status;
    for (const storage of bench.storages) {
      storage.intercept = (peer, { code }) => {
        if (code === DOWNLOAD) peer.answer(NOT_FOUND);
        return code === DOWNLOAD;
      };
    }
    await expect(bench.store.read(piece, { signal })).rejects.toMatchObject({ reason });
    expect(downloads(at(bench.storages, 0))).toBe(1);
  });
});
