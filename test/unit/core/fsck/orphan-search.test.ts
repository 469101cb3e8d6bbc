import { beforeEach, describe, expect, it } from 'vitest';
import { describeFile } from '../../../../src/blob-store/read-file-id.ts';
import { OrphanSearch, type OrphanSearchOptions } from '../../../../src/core/fsck/orphan-search.ts';
import { queueOrphans } from '../../../../src/core/fsck/queue-orphans.ts';
import { encodeFileName } from '../../../../src/fastdfs/protocol/file-name-fields.ts';
import { SortedTexts } from '../../../../src/object-index/sorted-texts.ts';
import { createTestCore, deleteDelayMs, type TestCore } from '../../../support/core-services.ts';
import { newObject, putObject } from '../../../support/new-records.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const AGE_MS_MIN = 3_600_000;

let core: TestCore;
let search: OrphanSearch;
let made = 0;
beforeEach(async () => {
  core = await createTestCore();
  core.blobs.describeFile = describeFile;
  search = newSearch();
});

function newSearch(options: Partial<OrphanSearchOptions> = {}): OrphanSearch {
  const directory = temporaryDirectory();
  return new OrphanSearch(core, new SortedTexts(directory), {
    ...{ place: null, ageMsMin: AGE_MS_MIN, directory },
    ...options,
  });
}

/** A file of 100 bytes; long ago unless its age is given. */
function fileId(ageMs = 10 * AGE_MS_MIN, place = 'group1/M00'): string {
  made += 1;
  const name = encodeFileName({
    ...{ storePathIndex: 0, directories: [0, 0], source: { host: '10.0.0.1' } },
    ...{ timestamp: (core.clock.nowMs - ageMs) / 1000, size: 100, crc32: made },
    ...{ isAppender: false, extension: '', random: { sizeBits: 0, tailDigits: made } },
  });
  return `${place}/${name.slice('M00/'.length)}`;
}

async function store(...fileIds: string[]): Promise<void> {
  const segments = fileIds.map((id) => ({ fileId: id, fileOffset: 0, size: 100 }));
  await putObject(core.index, newObject(core.bucket.id, `key${made}`, { segments }));
}

async function orphansOf(lines: readonly string[]): Promise<string[]> {
  for (const line of lines) search.take(line);
  const orphans: string[] = [];
  for await (const batch of search.compare(new AbortController().signal)) orphans.push(...batch);
  return orphans;
}

describe('a search for orphans', () => {
  it('finds what nothing refers to, once, whichever replicas list it', async () => {
    const [one, first, second, queued] = [fileId(), fileId(), fileId(), fileId()];
    const orphans = [fileId(), fileId()];
    await store(one);
    await store(first, second);
    await core.index.queueDeletions([queued], 0);
    const listing = [one, first, second, queued, ...orphans];
    expect(await orphansOf([...listing, '', ...listing.toReversed()])).toEqual(orphans.toSorted());
    expect(search.lineCount).toBe(12);
    expect(search.fileCount).toBe(6);
    expect(search.places).toEqual([
      {
        ...{ place: 'group1/M00', fileCount: 6, knownCount: 4, youngCount: 0 },
        ...{ orphanCount: 2, orphanBytes: 200 },
      },
    ]);
  });

  it('leaves files alone that a write may be about to refer to', async () => {
    const old = fileId(AGE_MS_MIN);
    expect(await orphansOf([fileId(AGE_MS_MIN - 1000), fileId(-1000), old])).toEqual([old]);
    expect(search.places).toMatchObject([{ youngCount: 2, orphanCount: 1 }]);
  });

  it('counts each store path by itself', async () => {
    const known = fileId();
    await store(known);
    const others = [fileId(undefined, 'group1/M01'), fileId(undefined, 'group2/M00')];
    expect(await orphansOf([known, ...others])).toEqual(others);
    expect(search.places.map(({ place, knownCount }) => [place, knownCount])).toEqual([
      ['group1/M00', 1],
      ['group1/M01', 0],
      ['group2/M00', 0],
    ]);
  });

  it('knows what was stored after the listing was read', async () => {
    const id = fileId();
    search.take(id);
    await store(id);
    expect(await orphansOf([])).toEqual([]);
  });

  it('counts what it passes over, with samples of bounded length', async () => {
    const lines = Array.from({ length: 7 }, (_, number) => `data/sync/binlog.00${number}`);
    expect(await orphansOf([...lines, 'x'.repeat(1000), 'data/00/00/000001'])).toEqual([]);
    expect(search.passedOver).toMatchObject([
      { kind: 'server', count: 7, samples: lines.slice(0, 5) },
      { kind: 'trunk-container', count: 1 },
    ]);
    expect(search.skipped('unknown')).toEqual({ count: 1, samples: ['x'.repeat(200)] });
  });

  it('finds thousands', async () => {
    const all = Array.from({ length: 12_000 }, () => fileId());
    for (let start = 0; start < 3_000; start += 500) await store(...all.slice(start, start + 500));
    expect(await orphansOf(all)).toEqual(all.slice(3_000).toSorted());
  });
});

describe('orphans that are queued', () => {
  async function* batch(...fileIds: string[]) {
    yield fileIds;
  }
  const { signal } = new AbortController();
  const nowhere = new Set<string>();

  it('wait as long as other files that are dropped', async () => {
    const orphans = Array.from({ length: 600 }, () => fileId());
    const fates = [];
    for await (const fate of queueOrphans(core, batch(...orphans), { leftAlone: nowhere, signal }))
      fates.push(fate);
    expect(fates.flatMap(({ queued }) => queued)).toEqual(orphans);
    expect(new Set(await core.queued())).toEqual(new Set(orphans));
    const early = core.clock.nowMs + deleteDelayMs - 1;
    expect(await core.index.listDueGroups(early)).toEqual([]);
  });

  it('are told from files that are needed, and from those of store paths left alone', async () => {
    const [orphan, needed, other] = [fileId(), fileId(), fileId(undefined, 'group2/M00')];
    await store(needed, fileId());
    const leftAlone = new Set(['group2/M00']);
    for await (const fate of queueOrphans(core, batch(orphan, needed, other), {
      leftAlone,
      signal,
    })) {
      expect(fate).toEqual({ queued: [orphan], needed: [needed], leftAlone: [other] });
    }
    expect(await core.queued()).toEqual([orphan]);
  });
});
