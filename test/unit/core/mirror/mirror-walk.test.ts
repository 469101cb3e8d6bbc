import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { MirrorOptions } from '../../../../src/core/mirror/mirror-options.ts';
import type {
  MirrorSource,
  SourceBody,
  SourceObject,
} from '../../../../src/core/mirror/mirror-source.ts';
import {
  type MirrorState,
  MirrorWalk,
  newMirrorState,
} from '../../../../src/core/mirror/mirror-walk.ts';
import { openObject } from '../../../../src/core/open-object.ts';
import { OriginError } from '../../../../src/core/origin/origin.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { bytesOf } from '../../../support/incoming-content.ts';
import { putText } from '../../../support/put-text.ts';

const { signal } = new AbortController();
const modifiedMs = Date.UTC(2023, 0, 1);

/** A bucket in memory, which lists `pageSize` objects at a time. */
class FakeSource implements MirrorSource {
  readonly objects = new Map<string, Buffer>();
  readonly opened: string[] = [];
  pageSize = 1000;
  /** Bytes after which the body of a key breaks off, in turn. */
  readonly breaks = new Map<string, number[]>();
  tags: Record<string, string> | null = null;

  add(key: string, text: string): this {
    this.objects.set(key, Buffer.from(text));
    return this;
  }

  async list(after: string | null) {
    const keys = [...this.objects.keys()].sort().filter((key) => after === null || key > after);
    const objects = keys.slice(0, this.pageSize).map((key) => this.#describe(key));
    return { objects, isLast: keys.length <= this.pageSize };
  }

  async open(key: string): Promise<SourceBody | null> {
    this.opened.push(key);
    const content = this.objects.get(key);
    if (!content) return null;
    const { size, etag, lastModifiedMs } = this.#describe(key);
    const description = {
      headers: { 'content-type': 'text/x' },
      userMetadata: { color: 'red' },
    };
    const md5 = createHash('md5').update(content).digest();
    const head = { size, etag, lastModifiedMs, description, isS3Etag: true, md5, qetag: null };
    return { head, tags: this.tags, body: this.#body(key, content) };
  }

  async openRest(key: string, _etag: string, start: number): Promise<Readable> {
    this.opened.push(`${key} from ${start}`);
    return this.#body(key, (this.objects.get(key) ?? Buffer.alloc(0)).subarray(start));
  }

  async has(key: string): Promise<boolean> {
    return this.objects.has(key);
  }

  #describe(key: string): SourceObject {
    const content = this.objects.get(key) ?? Buffer.alloc(0);
    const etag = createHash('md5').update(content).digest('hex');
    return { key, size: content.length, etag, lastModifiedMs: modifiedMs };
  }

  #body(key: string, content: Buffer): Readable {
    const end = this.breaks.get(key)?.shift();
    if (end === undefined) return Readable.from([content], { objectMode: false });
    return Readable.from(
      (async function* () {
        if (end > 0) yield content.subarray(0, end);
        throw new OriginError('unreachable', 'It broke off.');
      })(),
      { objectMode: false },
    );
  }
}

async function start(options: Partial<MirrorOptions> = {}) {
  const core = await createTestCore();
  const source = new FakeSource();
  const looked: number[] = [];
  const walk = new MirrorWalk(core, {
    ...{ bucket: core.bucket, source, caller: core.alice, sourcePrefix: '', prefix: '' },
    ...{ concurrency: 4, replacesNewer: false, deletesExtra: false, isDryRun: false },
    onLook: () => looked.push(1),
    ...options,
  });
  return { core, source, walk, looked };
}

async function run(walk: MirrorWalk, from = newMirrorState) {
  let state: MirrorState = from;
  const failures = [];
  while (!state.isFinished) {
    const step = await walk.step(state, signal);
    failures.push(...step.added);
    state = step.state;
  }
  return { state, failures };
}

async function textOf(core: TestCore, key: string): Promise<string | null> {
  const object = await core.index.findObject(core.bucket.id, key);
  if (!object || object.isDeleteMarker) return null;
  return (await bytesOf(await openObject(core, object, null, signal))).toString();
}

describe('MirrorWalk', () => {
  it('copies everything, page by page, as it is', async () => {
    const { core, source, walk, looked } = await start();
    for (let n = 0; n < 25; n += 1) source.add(`k${n}`, `content ${n}`);
    source.pageSize = 10;
    source.tags = { team: 'x' };
    const { state } = await run(walk);
    expect(state).toMatchObject({ copied: 25, fileCount: 25, same: 0, failed: 0 });
    expect(looked).toHaveLength(25);
    expect(await textOf(core, 'k7')).toBe('content 7');
    expect(await core.index.findObject(core.bucket.id, 'k7')).toMatchObject({
      lastModifiedMs: modifiedMs,
      etag: createHash('md5').update('content 7').digest('hex'),
      headers: { 'content-type': 'text/x' },
      userMetadata: { color: 'red' },
      tags: { team: 'x' },
      ownerId: core.alice.userId,
    });
  });

  it('copies nothing again', async () => {
    const { source, walk } = await start();
    source.add('a', '1').add('b', '2').add('empty', '');
    await run(walk);
    expect((await run(walk)).state).toMatchObject({ copied: 0, same: 3 });
    expect(source.opened).toHaveLength(3);
  });

  it('goes on where it was stopped', async () => {
    const { core, source, walk } = await start();
    for (const key of ['a', 'b', 'c', 'd']) source.add(key, key);
    source.pageSize = 2;
    const first = await walk.step(newMirrorState, signal);
    expect(first.state).toMatchObject({ cursor: 'b', copied: 2, isFinished: false });
    expect((await run(walk, first.state)).state).toMatchObject({ copied: 4, fileCount: 4 });
    expect(source.opened).toEqual(['a', 'b', 'c', 'd']);
    expect(await core.keys()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('puts one prefix in the place of another', async () => {
    const { core, source, walk } = await start({ sourcePrefix: 'old/', prefix: 'new/' });
    source.add('old/a', '1');
    await run(walk);
    expect(await core.keys()).toEqual(['new/a']);
  });

  it('leaves alone what was written here later, unless it is told otherwise', async () => {
    const { core, source, walk } = await start();
    source.add('a', 'theirs');
    await putText(core, 'a', 'mine');
    expect((await run(walk)).state).toMatchObject({ copied: 0, newerHere: 1 });
    expect(await textOf(core, 'a')).toBe('mine');
    const other = await start({ replacesNewer: true });
    other.source.add('a', 'theirs');
    await putText(other.core, 'a', 'mine');
    await run(other.walk);
    expect(await textOf(other.core, 'a')).toBe('theirs');
  });

  it('does not overwrite what is written while it copies', async () => {
    const { core, source, walk } = await start();
    source.add('a', 'theirs');
    const open = source.open.bind(source);
    source.open = async (key) => {
      await putText(core, 'a', 'mine');
      return await open(key);
    };
    expect((await run(walk)).state).toMatchObject({ copied: 0, changed: 1 });
    expect(await textOf(core, 'a')).toBe('mine');
  });

  it('goes on with the rest of a body that breaks off', async () => {
    const { core, source, walk } = await start();
    source.add('a', 'x'.repeat(5000));
    source.breaks.set('a', [2000, 1000, 0]);
    expect((await run(walk)).state).toMatchObject({ copied: 1, failed: 0 });
    expect(source.opened).toEqual(['a', 'a from 2000', 'a from 3000', 'a from 3000']);
    expect(await textOf(core, 'a')).toBe('x'.repeat(5000));
  });

  it('tells what fails, stores nothing of it, and copies the rest', async () => {
    const { core, source, walk } = await start();
    source.add('a', 'x'.repeat(100)).add('b', 'fine');
    source.breaks.set(
      'a',
      Array.from({ length: 100 }, () => 0),
    );
    const { state, failures } = await run(walk);
    expect(state).toMatchObject({ copied: 1, failed: 1 });
    expect(failures).toEqual([{ key: 'a', problem: 'It broke off.' }]);
    expect(await core.keys()).toEqual(['b']);
  });

  it('stores nothing that is not what the source described', async () => {
    const { core, source, walk } = await start();
    source.add('a', 'right');
    const open = source.open.bind(source);
    source.open = async (key) => {
      const opened = await open(key);
      return opened && { ...opened, body: Readable.from([Buffer.from('wrong')]) };
    };
    expect((await run(walk)).state).toMatchObject({ copied: 0, failed: 1 });
    expect(await core.keys()).toEqual([]);
  });

  it('counts what goes while it copies', async () => {
    const { source, walk } = await start();
    source.add('a', 'x');
    source.open = async () => null;
    expect((await run(walk)).state).toMatchObject({ copied: 0, changed: 1 });
  });

  it('writes nothing in a dry run', async () => {
    const { core, source, walk } = await start({ isDryRun: true, deletesExtra: true });
    source.add('a', '12345');
    await putText(core, 'extra', 'x');
    expect((await run(walk)).state).toMatchObject({ copied: 1, copiedBytes: 5, deleted: 1 });
    expect(await core.keys()).toEqual(['extra']);
    expect(source.opened).toEqual([]);
  });

  it('deletes what the source does not have only when it is told to', async () => {
    const without = await start();
    await putText(without.core, 'extra', 'x');
    expect((await run(without.walk)).state.deleted).toBe(0);
    expect(await without.core.keys()).toEqual(['extra']);
    const { core, source, walk } = await start({ deletesExtra: true, prefix: 'in/' });
    source.add('a', '1').add('b', '2');
    source.pageSize = 1;
    for (const key of ['in/0', 'in/a', 'in/c', 'outside']) await putText(core, key, 'x');
    core.clock.nowMs = modifiedMs;
    expect((await run(walk)).state).toMatchObject({ deleted: 2, newerHere: 1, copied: 1 });
    expect(await core.keys()).toEqual(['in/a', 'in/b', 'outside']);
  });

  it('does not delete what only the listing of the source lacks', async () => {
    const { core, source, walk } = await start({ deletesExtra: true });
    source.add('a', '1');
    source.list = async () => ({ objects: [], isLast: true });
    await putText(core, 'a', '1');
    expect((await run(walk)).state.deleted).toBe(0);
  });

  it('stops with the reason of its signal', async () => {
    const { core, source, walk } = await start();
    source.add('a', '1');
    const controller = new AbortController();
    const reason = new Error('interrupted');
    source.open = async () => {
      controller.abort(reason);
      throw new Error('never mind');
    };
    await expect(walk.step(newMirrorState, controller.signal)).rejects.toBe(reason);
    expect(await core.keys()).toEqual([]);
  });
});
