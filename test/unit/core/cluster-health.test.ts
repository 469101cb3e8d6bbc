import { describe, expect, it } from 'vitest';
import type { GroupState, StorageServerState } from '../../../src/blob-store/blob-store.ts';
import { clusterProblem, findClusterProblems } from '../../../src/core/cluster-health.ts';
import { groupState, storageServerState } from '../../support/cluster-states.ts';

const tracker = { host: '10.0.0.1', port: 22122, reachable: true, problem: null };
const lost = { ...tracker, reachable: false, problem: 'refused' };
const healthy = storageServerState();
const offline = storageServerState({ host: '10.0.0.3', status: 'OFFLINE', isWritable: false });

const storageProblem = (...groups: GroupState[]) =>
  findClusterProblems({ trackers: [tracker], groups }, 1).storage;

describe('a write can be stored', () => {
  it.each<[string, GroupState[]]>([
    ['on the one storage server that is left', [groupState([offline, healthy])]],
    ['in the other group', [groupState([offline]), groupState([healthy])]],
    [
      'on a storage server that is being tried again',
      [groupState([{ ...healthy, breakers: { read: 'open', write: 'half-open' } }])],
    ],
    ['where the version tells no reserve', [groupState([{ ...healthy, reservedMib: 0 }])]],
  ])('%s', (_, groups) => {
    expect(storageProblem(...groups)).toBeNull();
  });
});

describe('a write cannot be stored', () => {
  it.each<[string, Partial<StorageServerState>, string]>([
    ['on one that is not ACTIVE', { status: 'WAIT_SYNC' }, '10.0.0.2:23000 WAIT_SYNC'],
    ['on one that is read-only', { isWritable: false }, '10.0.0.2:23000 is read-only'],
    [
      'on one at its reserve',
      { freeMib: 100, reservedMib: 100 },
      '10.0.0.2:23000 has 100 MiB free of which 100 are reserved',
    ],
    [
      'on one whose uploads fail',
      { breakers: { read: 'closed', write: 'open' } },
      '10.0.0.2:23000 fails and is left alone for now',
    ],
  ])('%s', (_, given, problem) => {
    const group = groupState([storageServerState(given)]);
    expect(storageProblem(group)).toBe(`no group takes uploads (${problem})`);
  });

  it('in a group that the trackers pass over, since it is at its reserve', () => {
    expect(storageProblem(groupState([healthy], { freeMib: 10, reservedMib: 10 }))).toContain(
      'group1 has 10 MiB free of which 10 are reserved',
    );
  });

  it('in a group without storage servers, or without a group', () => {
    expect(storageProblem(groupState([]))).toContain('group1 has no storage server');
    expect(storageProblem()).toContain('no tracker has told of one');
  });

  it('and of a large cluster only the first storage servers are named', () => {
    const servers = Array.from({ length: 30 }, (_, n) => ({ ...offline, host: `10.0.1.${n}` }));
    const problem = storageProblem(groupState(servers));
    expect(problem).toContain('10.0.1.7:23000 OFFLINE, and 22 more)');
    expect(problem).not.toContain('10.0.1.8:');
  });
});

it('a write that needs two copies cannot be stored while one storage server answers', () => {
  const other = storageServerState({ host: '10.0.0.3', id: '100002' });
  const silent = { ...other, breakers: { read: 'open', write: 'open' } } as const;
  const problem = (...servers: StorageServerState[]) =>
    findClusterProblems({ trackers: [tracker], groups: [groupState(servers)] }, 2).storage;
  expect(problem(healthy, other)).toBeNull();
  // A full one cannot take uploads, but copies of them.
  expect(problem(healthy, { ...other, freeMib: 0 })).toBeNull();
  expect(problem(healthy, silent)).toContain('group1 has 1 storage servers that answer, of 2');
  expect(problem(healthy, offline)).toContain('group1 has 1 storage servers that answer, of 2');
});

it('without a tracker that is the problem, whatever is known of storage servers', () => {
  const state = { trackers: [lost], groups: [groupState([offline])] };
  expect(clusterProblem(state, 1)).toBe('no tracker can be reached (10.0.0.1:22122: refused)');
  expect(clusterProblem({ ...state, trackers: [lost, tracker] }, 1)).toContain('OFFLINE');
});
