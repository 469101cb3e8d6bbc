import { expect, it } from 'vitest';
import { syncStateOf } from '../../../src/core/sync-state.ts';
import { groupState, storageServerState } from '../../support/cluster-states.ts';

const MINUTE_MS = 60_000;

/** The state of a storage server with these times, beside peers that took changes at those. */
function syncState(lastSyncedMs: number, lastSourceUpdateMs: number, ...peers: number[]) {
  const server = storageServerState({ lastSyncedMs, lastSourceUpdateMs });
  const others = peers.map((changedMs, n) =>
    storageServerState({ host: `10.0.0.${n + 3}`, id: `${n}`, lastSourceUpdateMs: changedMs }),
  );
  return syncStateOf(server, groupState([server, ...others]));
}

it.each([
  ['has all that its peers took', syncState(MINUTE_MS, 0, MINUTE_MS), 0],
  ['is not behind by what it took itself', syncState(0, MINUTE_MS), 0],
  ['is not behind by the rounding of clocks', syncState(MINUTE_MS, 0, MINUTE_MS + 1_000), 0],
  ['is behind the newest of its peers', syncState(MINUTE_MS, 0, 0, 3 * MINUTE_MS), 2 * MINUTE_MS],
  ['has all when nobody ever took anything', syncState(0, 0, 0), 0],
])('a storage server %s', (_, { lagMs }, expected) => {
  expect(lagMs).toBe(expected);
});
