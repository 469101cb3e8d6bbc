import { expect, it } from 'vitest';
import type { Cluster } from '../../../src/blob-store/cluster.ts';
import { refusalWaitFor } from '../../../src/blob-store/refusal-wait.ts';

const GIB_IN_MIB = 1024;
const target = { groupName: 'group1', host: '10.0.0.2', port: 23_000 };

function clusterOf(freeMib: number, reservedMib: number): Cluster {
  const { host, port } = target;
  const group = { members: [{ host, port, freeMib, reservedMib }] };
  const snapshot = { findGroup: (name: string) => (name === target.groupName ? group : null) };
  return { view: { snapshot }, writes: { refusalWaitMs: 7 } } as unknown as Cluster;
}

it.each([
  ['far above its reserve', 500 * GIB_IN_MIB, 100 * GIB_IN_MIB, target, 0],
  ['near its reserve', 480 * GIB_IN_MIB, 100 * GIB_IN_MIB, target, 7],
  ['that nobody lists', 500 * GIB_IN_MIB, 0, { ...target, port: 23_001 }, 7],
  ['of a group that nobody lists', 500 * GIB_IN_MIB, 0, { ...target, groupName: 'group2' }, 7],
])('a server %s', (_which, freeMib, reservedMib, server, expected) => {
  expect(refusalWaitFor(clusterOf(freeMib, reservedMib), server)).toBe(expected);
});

it('a server is waited for while nothing is known', () => {
  const cluster = { view: { snapshot: null }, writes: { refusalWaitMs: 7 } } as unknown as Cluster;
  expect(refusalWaitFor(cluster, target)).toBe(7);
});
