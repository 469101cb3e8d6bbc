import { expect, it } from 'vitest';
import type { BreakerState, ClusterState } from '../../../src/blob-store/blob-store.ts';
import { withBreakersOf } from '../../../src/workers/cluster-state.ts';
import { groupState, storageServerState } from '../../support/cluster-states.ts';

/** A cluster of one storage server, as seen by a process with this breaker for uploads. */
const seenWith = (write: BreakerState): ClusterState => ({
  trackers: [],
  groups: [groupState([storageServerState({ breakers: { read: 'closed', write } })])],
});

const writeBreakers = ({ groups }: ClusterState) =>
  groups.flatMap(({ storageServers }) => storageServers.map(({ breakers }) => breakers.write));

it.each<[BreakerState[], BreakerState, BreakerState]>([
  [['closed', 'open', 'half-open'], 'open', 'closed'],
  [['open', 'half-open'], 'open', 'half-open'],
  [['open', 'open'], 'open', 'open'],
  [['closed'], 'closed', 'closed'],
])('of breakers %j the worst is %s and the best %s', (states, worst, best) => {
  const workers = states.map(seenWith);
  expect(writeBreakers(withBreakersOf(seenWith('half-open'), workers, 'worst'))).toEqual([worst]);
  expect(writeBreakers(withBreakersOf(seenWith('half-open'), workers, 'best'))).toEqual([best]);
});

it('a server that no worker knows yet, or that none told of, has the breakers of this process', () => {
  const own = seenWith('open');
  expect(writeBreakers(withBreakersOf(own, [], 'best'))).toEqual(['open']);
  const empty = { trackers: [], groups: [] };
  expect(writeBreakers(withBreakersOf(own, [empty], 'best'))).toEqual(['open']);
});
