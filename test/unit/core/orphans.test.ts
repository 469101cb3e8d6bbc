import { describe, expect, it, vi } from 'vitest';
import { Orphans, waitingOrphansMax } from '../../../src/core/orphans.ts';
import { IndexError } from '../../../src/object-index/object-index.ts';

const NOW_MS = 1000;
const DELAY_MS = 500;
const full = () => Promise.reject(new IndexError('full', 'no space left'));

function setUp() {
  const queued: (readonly string[])[] = [];
  const queueDeletions = vi.fn(async (fileIds: readonly string[], _notBeforeMs: number) => {
    queued.push(fileIds);
  });
  const [warn, error] = [vi.fn(), vi.fn()];
  const quiet = () => {};
  const logger = { debug: quiet, info: quiet, warn, error, fatal: quiet };
  const now = () => NOW_MS;
  const orphans = new Orphans({ index: { queueDeletions }, logger, now, deleteDelayMs: DELAY_MS });
  const dropped = () => error.mock.calls.flatMap(([facts]) => facts.fileIds as string[]);
  return { orphans, queueDeletions, queued, warn, dropped };
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `group1/${i}`);

describe('files of failed writes', () => {
  it('are queued for later deletion', async () => {
    const { orphans, queueDeletions } = setUp();
    await orphans.queue(['group1/a', 'group1/b']);
    await orphans.queue([]);
    expect(queueDeletions.mock.calls).toEqual([[['group1/a', 'group1/b'], NOW_MS + DELAY_MS]]);
  });

  it('wait in memory until the index takes them, named in the log', async () => {
    const { orphans, queueDeletions, queued, warn, dropped } = setUp();
    queueDeletions.mockImplementationOnce(full).mockImplementationOnce(full);
    await orphans.queue(['group1/a']);
    await orphans.flush();
    expect(orphans.count).toBe(1);
    expect(warn.mock.calls).toMatchObject([[{ fileIds: ['group1/a'] }, expect.anything()]]);
    await orphans.flush();
    expect(queued).toEqual([['group1/a']]);
    expect(orphans.count).toBe(0);
    expect(dropped()).toEqual([]);
  });

  it('are handed over in transactions of bounded size, none twice', async () => {
    const { orphans, queueDeletions, queued } = setUp();
    queueDeletions.mockImplementationOnce(full);
    await orphans.queue(numbered(2500));
    const first = orphans.flush();
    await Promise.all([first, orphans.flush()]);
    expect(queued.map((fileIds) => fileIds.length)).toEqual([1000, 1000, 500]);
    expect(queued.flat()).toEqual(numbered(2500));
  });

  it('that come while others are handed over are not lost', async () => {
    const { orphans, queueDeletions, queued } = setUp();
    queueDeletions.mockImplementationOnce(full);
    await orphans.queue(['group1/a']);
    queueDeletions.mockImplementationOnce(async (fileIds) => {
      queueDeletions.mockImplementationOnce(full);
      await orphans.queue(['group1/b']);
      queued.push(fileIds);
    });
    await orphans.flush();
    expect(queued.flat()).toEqual(['group1/a', 'group1/b']);
  });

  it('beyond the bound are dropped and named in the log', async () => {
    const { orphans, queueDeletions, dropped } = setUp();
    queueDeletions.mockImplementation(full);
    await orphans.queue(numbered(waitingOrphansMax - 1));
    await orphans.queue(['group2/kept', 'group2/dropped']);
    expect(orphans.count).toBe(waitingOrphansMax);
    expect(dropped()).toEqual(['group2/dropped']);
  });

  it('get a last chance when the gateway stops', async () => {
    const { orphans, queueDeletions, queued, dropped } = setUp();
    queueDeletions.mockImplementationOnce(full);
    await orphans.queue(['group1/a']);
    await orphans.close();
    expect(queued).toEqual([['group1/a']]);
    expect(dropped()).toEqual([]);
    queueDeletions.mockImplementation(full);
    await orphans.queue(['group1/b']);
    await orphans.close();
    expect(dropped()).toEqual(['group1/b']);
  });
});
