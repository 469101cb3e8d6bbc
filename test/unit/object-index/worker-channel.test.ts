import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { LocalChannel, type Request } from '../../../src/object-index/request-channel.ts';
import { WorkerChannel } from '../../../src/object-index/worker-channel.ts';
import { NOW_MS } from '../../support/object-index.ts';

const settings = {
  name: 'writer',
  waitingMax: 4,
  batchMax: 3,
  context: () => ({ nowMs: NOW_MS, deletionNotBeforeMs: NOW_MS }),
};

/** A thread that echoes arguments, crashes on `crash` and never answers `hang`. */
const echo = `
  const { parentPort } = require('node:worker_threads');
  let messages = 0;
  parentPort.on('message', (message) => {
    if (message === 'close') return parentPort.close();
    messages += 1;
    for (const [name, args] of message.requests) {
      if (name === 'crash') throw new Error('out of luck');
      if (name === 'hang') return;
      if (name === 'fail') {
        parentPort.postMessage([{ error: { reason: 'full', message: 'no', mayBeCommitted: false } }]);
      } else parentPort.postMessage([{ value: [messages, ...args] }]);
    }
  });`;

function echoChannel(): WorkerChannel {
  return new WorkerChannel(settings, () => new Worker(echo, { eval: true }));
}

describe('WorkerChannel', () => {
  it('sends the requests of one turn in one message and answers each', async () => {
    const channel = echoChannel();
    const calls = ['a', 'b'].map((argument) => channel.call('echo', [argument]));
    expect(await Promise.all(calls)).toEqual([
      [1, 'a'],
      [1, 'b'],
    ]);
    expect(await channel.call('echo', ['c'])).toEqual([2, 'c']);
    await channel.close();
  });

  it('rejects with the error that the thread tells', async () => {
    const channel = echoChannel();
    const failing = channel.call('fail', []);
    const fine = channel.call('echo', []);
    await expect(failing).rejects.toMatchObject({ name: 'IndexError', reason: 'full' });
    expect(await fine).toEqual([1]);
    await channel.close();
  });

  it('rejects all that waits when the thread crashes, and starts another', async () => {
    const channel = echoChannel();
    const lost = [channel.call('crash', []), channel.call('echo', ['b'])];
    for (const call of lost) {
      await expect(call).rejects.toMatchObject({
        reason: 'failed',
        message: 'the writer thread of the index stopped: out of luck',
        mayBeCommitted: true,
      });
    }
    expect(await channel.call('echo', ['c'])).toEqual([1, 'c']);
    await channel.close();
  });

  it('refuses more than its bound at once', async () => {
    const channel = echoChannel();
    const calls = [1, 2, 3, 4].map((n) => channel.call('echo', [n]));
    await expect(channel.call('echo', [5])).rejects.toMatchObject({ reason: 'overloaded' });
    expect(await Promise.all(calls)).toHaveLength(4);
    expect(await channel.call('echo', [6])).toEqual([2, 6]);
    await channel.close();
  });

  it('fails only the call whose argument cannot travel', async () => {
    const channel = echoChannel();
    const calls = [channel.call('echo', ['a']), channel.call('echo', [() => 1])];
    const fine = channel.call('echo', ['c']);
    await expect(calls[1]).rejects.toMatchObject({ reason: 'failed', mayBeCommitted: false });
    expect(await calls[0]).toEqual([1, 'a']);
    expect(await fine).toEqual([2, 'c']);
    await channel.close();
  });

  it('answers what was called before it closes, and nothing after', async () => {
    const channel = echoChannel();
    const call = channel.call('echo', ['a']);
    const closing = channel.close();
    expect(await call).toEqual([1, 'a']);
    await expect(channel.call('echo', ['b'])).rejects.toMatchObject({ reason: 'failed' });
    await closing;
  });

  it('closes without ever having started a thread', async () => {
    await expect(echoChannel().close()).resolves.toBeUndefined();
  });
});

describe('LocalChannel', () => {
  it('handles the requests of one turn in batches of at most `batchMax`', async () => {
    const batches: string[][] = [];
    const channel = new LocalChannel(settings, (requests: readonly Request[]) => {
      batches.push(requests.map(([name]) => name));
      return requests.map(([name]) => ({ value: name }));
    });
    const calls = ['a', 'b', 'c', 'd'].map((name) => channel.call(name, []));
    await expect(channel.call('e', [])).rejects.toMatchObject({ reason: 'overloaded' });
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c', 'd']);
    expect(batches).toEqual([['a', 'b', 'c'], ['d']]);
    const last = channel.call('f', []);
    await channel.close();
    expect(await last).toBe('f');
    await expect(channel.call('g', [])).rejects.toMatchObject({ reason: 'failed' });
  });
});
