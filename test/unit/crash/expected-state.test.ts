import { describe, expect, it } from 'vitest';
import { contentOf, storedValueOf, type Value } from '../../crash/content.ts';
import { ExpectedState } from '../../crash/expected-state.ts';
import type { Write } from '../../crash/key-history.ts';

const valueNamed = (tag: string): Value => storedValueOf(tag, contentOf(tag, 8));

/** A key `k` whose writes are told apart by the name of what they put. */
class Scene {
  readonly state = new ExpectedState();

  put(tag: string, key = 'k'): Write {
    return this.state.begin(key, 'put', { kind: 'put', value: valueNamed(tag) });
  }

  done(...writes: Write[]): void {
    for (const write of writes) this.state.end(write, 'acknowledged');
  }

  held(key = 'k'): string[] {
    return this.state
      .heldOf(key)
      .map((value) => value?.tag ?? 'nothing')
      .sort();
  }
}

describe('what a key may hold after writes', () => {
  it('is what was acknowledged last, and nothing from before', () => {
    const scene = new Scene();
    scene.done(scene.put('first'));
    scene.done(scene.put('second'));
    expect(scene.held()).toEqual(['second']);
  });

  it('is any of those that overlapped', () => {
    const scene = new Scene();
    scene.done(scene.put('before'));
    scene.done(scene.put('one'), scene.put('other'));
    const early = scene.put('early');
    const late = scene.put('late');
    scene.done(early, late);
    expect(scene.held()).toEqual(['early', 'late']);
  });

  it('is old or new where no answer came', () => {
    const scene = new Scene();
    scene.done(scene.put('old'));
    scene.put('new');
    expect(scene.held()).toEqual(['new', 'old']);
  });

  it('may be a write without an answer, whatever was acknowledged after it began', () => {
    const scene = new Scene();
    scene.put('unanswered');
    scene.done(scene.put('acknowledged'));
    expect(scene.held()).toEqual(['acknowledged', 'unanswered']);
  });

  it('is never what was refused', () => {
    const scene = new Scene();
    scene.state.end(scene.put('refused'), 'refused');
    expect(scene.held()).toEqual(['nothing']);
  });

  it('is nothing after a delete', () => {
    const scene = new Scene();
    scene.done(scene.put('old'));
    scene.done(scene.state.begin('k', 'delete', { kind: 'delete' }));
    expect(scene.held()).toEqual(['nothing']);
  });

  it('is what was found, once it was settled', () => {
    const scene = new Scene();
    scene.put('unanswered');
    scene.put('other');
    scene.state.settle('k', valueNamed('other'));
    expect(scene.held()).toEqual(['other']);
    expect(scene.state.touchedKeys).toEqual([]);
  });
});

describe('a read', () => {
  it('sees no write that was overwritten before it began', () => {
    const scene = new Scene();
    scene.done(scene.put('first'));
    scene.done(scene.put('second'));
    const startedAt = scene.state.tick();
    scene.put('third');
    const held = scene.state.heldOf('k', { startedAt, endedAt: scene.state.tick() });
    expect(held.map((value) => value?.tag).sort()).toEqual(['second', 'third']);
  });

  it('sees no write that began after it ended', () => {
    const scene = new Scene();
    scene.done(scene.put('first'));
    const span = { startedAt: scene.state.tick(), endedAt: scene.state.tick() };
    scene.done(scene.put('later'));
    expect(scene.state.heldOf('k', span).map((value) => value?.tag)).toEqual(['first']);
  });
});

describe('a copy without an answer', () => {
  it('makes of its key what the source may have held since it began', () => {
    const scene = new Scene();
    scene.done(scene.put('gone', 'source'));
    scene.done(scene.put('there', 'source'));
    scene.state.begin('k', 'copy', { kind: 'copy', sourceKey: 'source' });
    scene.done(scene.put('later', 'source'));
    expect(scene.held()).toEqual(['later', 'nothing', 'there']);
  });

  it('makes nothing of a source that is not there', () => {
    const scene = new Scene();
    scene.done(scene.put('old'));
    scene.state.begin('k', 'copy', { kind: 'copy', sourceKey: 'source' });
    expect(scene.held()).toEqual(['old']);
  });

  it('onto itself does not hide a delete beside it', () => {
    const scene = new Scene();
    scene.done(scene.put('old'));
    scene.state.begin('k', 'copy', { kind: 'copy', sourceKey: 'k' });
    scene.state.begin('k', 'delete', { kind: 'delete' });
    expect(scene.held()).toEqual(['nothing', 'old']);
  });

  it('ends where copies go round in a circle', () => {
    const scene = new Scene();
    scene.done(scene.put('one'), scene.put('other', 'source'));
    scene.state.begin('k', 'copy', { kind: 'copy', sourceKey: 'source' });
    scene.state.begin('source', 'copy', { kind: 'copy', sourceKey: 'k' });
    expect(scene.held()).toEqual(['one', 'other']);
  });
});
