import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BodyPace } from '../../../src/http/body-pace.ts';

const KIB = 1024;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function watch(bytesPerSecondMin = KIB) {
  const tooSlow = vi.fn();
  const pace = new BodyPace({ idleTimeoutMs: 30_000, bytesPerSecondMin }, tooSlow);
  pace.start();
  /** Bytes that come `afterMs` after the last ones. */
  const receive = (size: number, afterMs: number) => {
    vi.advanceTimersByTime(afterMs);
    return pace.received(size);
  };
  return { pace, receive, tooSlow };
}

describe('a client', () => {
  it('that sends nothing for the idle time is too slow', () => {
    const { receive, tooSlow } = watch(0);
    expect(receive(1, 29_999)).toBe(true);
    vi.advanceTimersByTime(29_999);
    expect(tooSlow).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(tooSlow).toHaveBeenCalledOnce();
  });

  it('that trickles is too slow once it is behind by the idle time', () => {
    const { receive, tooSlow } = watch();
    // Half of the rate: 10 seconds behind after 20, 20 after 40, 30 after 60.
    for (let i = 0; i < 6; i++) expect(receive(5 * KIB, 10_000)).toBe(true);
    expect(receive(5 * KIB, 10_000)).toBe(false);
    expect(tooSlow).toHaveBeenCalledOnce();
    expect(receive(5 * KIB, 10_000)).toBe(false);
    vi.advanceTimersByTime(60_000);
    expect(tooSlow).toHaveBeenCalledOnce();
  });

  it('that keeps the rate takes as long as it takes', () => {
    const { receive } = watch();
    const inTime = Array.from({ length: 1_000 }, () => receive(20 * KIB, 20_000));
    expect(inTime).not.toContain(false);
  });

  it('that was fast at first earns no right to trickle later', () => {
    const { receive } = watch();
    expect(receive(1024 * KIB, 1_000)).toBe(true);
    const inTime = [receive(1, 20_000), receive(1, 20_000)];
    expect(inTime).toEqual([true, false]);
  });

  it('catches up by being faster', () => {
    const { receive } = watch();
    for (let i = 0; i < 100; i++) {
      expect(receive(KIB, 25_000)).toBe(true);
      expect(receive(24 * KIB, 1)).toBe(true);
    }
  });

  it('may trickle where any rate is allowed', () => {
    const { receive } = watch(0);
    const inTime = Array.from({ length: 100 }, () => receive(1, 29_000));
    expect(inTime).not.toContain(false);
  });

  it('is not blamed for the time in which nobody reads', () => {
    const { pace, receive, tooSlow } = watch();
    receive(KIB, 1_000);
    pace.pause();
    vi.advanceTimersByTime(3_600_000);
    pace.resume();
    expect(receive(1, 29_000)).toBe(true);
    pace.stop();
    vi.advanceTimersByTime(3_600_000);
    expect(tooSlow).not.toHaveBeenCalled();
  });
});
