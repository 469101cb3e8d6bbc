import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type ConnectionTimeoutName,
  ConnectionTimeouts,
} from '../../../../src/fastdfs/client/connection-timeouts.ts';
import { Exchange, type ExchangePlan } from '../../../../src/fastdfs/client/exchange.ts';

const LIMITS = {
  connectTimeoutMs: 2_000,
  responseTimeoutMs: 5_000,
  idleTimeoutMs: 30_000,
  commandTimeoutMs: 60_000,
};
const ALL = Object.keys(LIMITS) as (keyof typeof LIMITS)[];

interface Shape extends Partial<Pick<ExchangePlan<void>, 'contentSize' | 'mayTakeLong'>> {
  readonly isConnecting?: boolean;
  readonly isTransfer?: boolean;
  readonly hasHeader?: boolean;
}

function exchangeOf(shape: Shape): Exchange {
  const sink = {
    isTransfer: shape.isTransfer ?? false,
    start: () => {},
    data: () => true,
    end: () => {},
  };
  const plan = {
    command: 'ANY',
    sink,
    contentSize: shape.contentSize ?? 0,
    mayTakeLong: shape.mayTakeLong ?? false,
    signal: undefined,
  };
  const settle = () => {};
  const exchange = new Exchange(plan, settle, settle, shape.isConnecting ?? false);
  exchange.hasHeader = shape.hasHeader ?? false;
  return exchange;
}

/** Begins an exchange on a connection; tells which limit ended it. */
function run(exchange: Exchange, limits = LIMITS): { name: ConnectionTimeoutName | null } {
  const timeouts = new ConnectionTimeouts(limits);
  const outcome: { name: ConnectionTimeoutName | null } = { name: null };
  timeouts.watch({
    exchange,
    timeOut(_exchange, name) {
      exchange.over();
      outcome.name ??= name;
    },
  });
  timeouts.wake();
  return outcome;
}

describe('the limits of an exchange', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each<[string, Shape, ConnectionTimeoutName]>([
    ['a connection that is being opened', { isConnecting: true }, 'connectTimeoutMs'],
    ['a question', {}, 'responseTimeoutMs'],
    ['a download that has not begun', { isTransfer: true }, 'responseTimeoutMs'],
    ['a download that has begun', { isTransfer: true, hasHeader: true }, 'idleTimeoutMs'],
    ['an answer that has begun', { hasHeader: true }, 'idleTimeoutMs'],
    ['a command that may take long', { mayTakeLong: true }, 'idleTimeoutMs'],
    ['an upload that the server does not take', { contentSize: 9 }, 'idleTimeoutMs'],
  ])('%s is ended at most a tenth late', (_name, shape, name) => {
    const outcome = run(exchangeOf(shape));
    vi.advanceTimersByTime(LIMITS[name] - 1);
    expect(outcome.name).toBeNull();
    vi.advanceTimersByTime(LIMITS[name] * 0.1 + 1);
    expect(outcome.name).toBe(name);
  });

  it.each<[string, Shape]>([
    ['an answer', {}],
    ['an upload', { mayTakeLong: true }],
  ])('%s that trickles is ended by the limit of the whole command', (_name, shape) => {
    const exchange = exchangeOf({ ...shape, hasHeader: true });
    const outcome = run(exchange);
    while (outcome.name === null && performance.now() < 1e9) {
      vi.advanceTimersByTime(1_000);
      exchange.progressed();
    }
    expect(outcome.name).toBe('commandTimeoutMs');
  });

  it.each<[string, Shape]>([
    ['a download', { isTransfer: true, hasHeader: true }],
    ['an upload', { contentSize: 9, mayTakeLong: true }],
  ])('%s takes as long as it makes progress', (_name, shape) => {
    const exchange = exchangeOf(shape);
    const outcome = run(exchange);
    for (let minutes = 0; minutes < 60; minutes += 0.25) {
      vi.advanceTimersByTime(15_000);
      exchange.progressed();
    }
    expect(outcome.name).toBeNull();
  });

  it('none counts while the caller keeps the server waiting', () => {
    const exchange = exchangeOf({ isTransfer: true, hasHeader: true });
    exchange.waitsForCaller = true;
    const outcome = run(exchange);
    vi.advanceTimersByTime(3_600_000);
    expect(outcome.name).toBeNull();
  });

  it.each([
    [true, null],
    [false, 'responseTimeoutMs'],
  ])('bytes that wait to be read when it runs out (%s) count before it', async (hasBytes, name) => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const exchange = exchangeOf({ hasHeader: false });
    const outcome = run(exchange);
    vi.advanceTimersByTime(5_500);
    exchange.hasHeader = hasBytes;
    await new Promise((resolve) => setImmediate(resolve));
    expect(outcome.name).toBe(name);
  });

  it.each(ALL)('a short %s is kept as exactly as a long one', (name) => {
    const shapes = {
      connectTimeoutMs: { isConnecting: true },
      responseTimeoutMs: {},
      idleTimeoutMs: { hasHeader: true },
      commandTimeoutMs: { mayTakeLong: true },
    };
    const outcome = run(exchangeOf(shapes[name]), { ...LIMITS, [name]: 200 });
    vi.advanceTimersByTime(220);
    expect(outcome.name).toBe(name);
  });

  it('are not looked at while nothing is under way', () => {
    const timeouts = new ConnectionTimeouts(LIMITS);
    const connection: { exchange: Exchange | null; timeOut: () => void } = {
      exchange: exchangeOf({}),
      timeOut: () => {},
    };
    timeouts.watch(connection);
    timeouts.wake();
    vi.advanceTimersByTime(1_000);
    expect(vi.getTimerCount()).toBe(1);
    connection.exchange = null;
    vi.advanceTimersByTime(1_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});
