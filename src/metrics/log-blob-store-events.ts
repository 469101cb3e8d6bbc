import type { Logger } from '../support/logger.ts';
import type { BlobStoreEventHandlers } from './blob-store-events.ts';

/** Of failovers from one server by one command, one line in this time is a warning. */
const FAILOVER_INTERVAL_MS = 10_000;
/** Servers and commands that are told apart; beyond, the oldest are forgotten. */
const FAILOVERS_KEPT_MAX = 1_000;

/** Log lines for what an operator should know of at once. `now` is a monotonic clock. */
export function logBlobStoreEvents(
  logger: Logger,
  now: () => number = () => performance.now(),
): BlobStoreEventHandlers {
  const failovers = new RepeatedEvents(now);
  /** Breakers that are not closed: between open and half-open nothing new is known. */
  const troubled = new Set<string>();
  return {
    failover({ command, server, error }) {
      const facts = { server, command, err: error };
      const message = 'a request to FastDFS goes on to another storage server';
      const leftOutCount = failovers.take(`${server} ${command}`);
      if (leftOutCount === null) logger.debug(facts, message);
      else logger.warn({ ...facts, leftOutCount }, message);
    },
    breaker({ server, role, use, state, reason }) {
      const name = `${server} ${role} ${use}`;
      const facts = { server, role, use, state, reason };
      const what = role === 'tracker' ? 'tracker' : 'storage server';
      if (state === 'closed') {
        troubled.delete(name);
        logger.info(facts, `a ${what} is used again`);
      } else if (state === 'open' && !troubled.has(name)) {
        troubled.add(name);
        logger.warn(facts, `a ${what} is left alone for now`);
      } else {
        troubled.add(name);
        logger.debug(facts, `a ${what} is being tried`);
      }
    },
    'replica-wait'({ fileId, outcome, durationMs }) {
      if (outcome === 'confirmed') return;
      const answer = outcome === 'accepted' ? 'the write was accepted' : 'the write failed';
      logger.warn({ fileId, durationMs }, `too few replicas in time: ${answer}`);
    },
    'checksum-mismatch'({ direction, server, fileId }) {
      logger.error(
        { server, fileId, direction },
        `checksum mismatch: size or CRC-32 of a file are not what its file ID tells`,
      );
    },
    'connection-closed'({ server, reason }) {
      logger.debug({ server, reason }, 'connection closed');
    },
  };
}

/** Lets the first of alike events through, and then one at a time. */
class RepeatedEvents {
  readonly #now: () => number;
  readonly #seen = new Map<string, { toldAtMs: number; leftOutCount: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many were left out since the last one that was let through; null leaves this one out. */
  take(name: string): number | null {
    const nowMs = this.#now();
    const known = this.#seen.get(name);
    if (known !== undefined && nowMs - known.toldAtMs < FAILOVER_INTERVAL_MS) {
      known.leftOutCount += 1;
      return null;
    }
    this.#seen.delete(name);
    this.#seen.set(name, { toldAtMs: nowMs, leftOutCount: 0 });
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > FAILOVERS_KEPT_MAX && oldest !== undefined) this.#seen.delete(oldest);
    return known?.leftOutCount ?? 0;
  }
}
