import { describe, expect, it } from 'vitest';
import type { ClusterState, StorageServerState } from '../../../src/blob-store/blob-store.ts';
import { type ConsoleSources, createConsoleApp } from '../../../src/console/app.ts';

import { IndexError } from '../../../src/object-index/object-index.ts';
import { groupState, storageServerState } from '../../support/cluster-states.ts';

const storageServer = storageServerState();
const group = groupState([storageServer]);
const tracker = { host: '10.0.0.1', port: 22122, reachable: true, problem: null };
const healthy: ClusterState = { trackers: [tracker], groups: [group] };

const index = { findBucket: async () => null, verifyWritable: async () => {} };
const full = new IndexError('full', 'no space left for the index');

function consoleOver(sources: Partial<ConsoleSources> = {}) {
  return createConsoleApp({
    index,
    blobs: { clusterState: async () => healthy },
    findCluster: async () => healthy,
    copiesNeeded: 1,
    findGatewayProblem: () => null,
    checkTimeoutMs: 1000,
    metrics: { contentType: 'text/plain; version=0.0.4', render: async () => 'up 1\n' },
    ...sources,
  });
}

async function readyz(sources: Partial<ConsoleSources>) {
  const response = await consoleOver(sources).request('/readyz');
  const body = (await response.json()) as {
    ready: boolean;
    checks: { name: string; problem: string | null }[];
  };
  const problems = body.checks.filter(({ problem }) => problem !== null);
  return { httpStatus: response.status, ready: body.ready, problems };
}

const withCluster = (state: ClusterState) => ({ blobs: { clusterState: async () => state } });
const withStorage = (given: Partial<StorageServerState>) =>
  withCluster({ trackers: [tracker], groups: [groupState([storageServerState(given)])] });

describe('healthz', () => {
  it('is 200 even when nothing behind the gateway answers', async () => {
    const app = consoleOver({ blobs: { clusterState: () => new Promise(() => {}) } });
    expect((await app.request('/healthz')).status).toBe(200);
  });
});

describe('readyz', () => {
  it('is 200 when the index commits and a storage server takes uploads', async () => {
    expect(await readyz({})).toEqual({ httpStatus: 200, ready: true, problems: [] });
  });

  it('is 200 while one tracker and one storage server are left', async () => {
    const state = {
      trackers: [{ ...tracker, reachable: false, problem: 'refused' }, tracker],
      groups: [
        { ...group, storageServers: [{ ...storageServer, status: 'OFFLINE' }, storageServer] },
      ],
    };
    expect((await readyz(withCluster(state))).httpStatus).toBe(200);
  });

  it.each<[string, Partial<ConsoleSources>, string[], RegExp]>([
    ['the gateway stops', { findGatewayProblem: () => 'stopping' }, ['gateway'], /stopping/],
    [
      'the index cannot be read',
      { index: { ...index, findBucket: () => Promise.reject(new Error('disk I/O error')) } },
      ['index'],
      /disk I\/O error/,
    ],
    [
      'the index is read but cannot commit',
      { index: { ...index, verifyWritable: () => Promise.reject(full) } },
      ['index'],
      /no space left for the index/,
    ],
    [
      'a commit hangs',
      { index: { ...index, verifyWritable: () => new Promise(() => {}) }, checkTimeoutMs: 1 },
      ['index'],
      /no answer within 1 ms/,
    ],
    [
      'no tracker is reachable, although storage servers are known',
      withCluster({
        trackers: [{ ...tracker, reachable: false, problem: 'refused' }],
        groups: [group],
      }),
      ['trackers'],
      /10\.0\.0\.1:22122: refused/,
    ],
    [
      'the storage servers are full',
      withStorage({ freeMib: 10, reservedMib: 10 }),
      ['storage'],
      /10\.0\.0\.2:23000 has 10 MiB free of which 10 are reserved/,
    ],
    [
      'uploads to the storage servers fail',
      withStorage({ breakers: { read: 'closed', write: 'open' } }),
      ['storage'],
      /10\.0\.0\.2:23000 fails and is left alone/,
    ],
    [
      'writes need more storage servers than there are',
      { copiesNeeded: 2 },
      ['storage'],
      /group1 has 1 storage servers that answer, of 2/,
    ],
    [
      'the cluster does not answer in time',
      { blobs: { clusterState: () => new Promise(() => {}) }, checkTimeoutMs: 1 },
      ['trackers', 'storage'],
      /no answer within 1 ms/,
    ],
  ])('is 503 with the reason when %s', async (_, sources, names, reason) => {
    const { httpStatus, problems } = await readyz(sources);
    expect(httpStatus).toBe(503);
    expect(problems.map((problem) => problem.name)).toEqual(names);
    expect(problems[0]?.problem).toMatch(reason);
  });

  it('asks the cluster once for probes that come together', async () => {
    let asked = 0;
    const clusterState = async () => {
      asked += 1;
      return healthy;
    };
    const app = consoleOver({ blobs: { clusterState } });
    await Promise.all([app.request('/readyz'), app.request('/readyz')]);
    expect(asked).toBe(1);
    await app.request('/readyz');
    expect(asked).toBe(2);
  });
});

it('metrics are given in the format that Prometheus asks for', async () => {
  const response = await consoleOver().request('/metrics');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4');
  expect(await response.text()).toBe('up 1\n');
});

it('the cluster is told as the gateway sees it', async () => {
  const response = await consoleOver().request('/cluster');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toEqual(healthy);
});

it('says what the port is for on any other path', async () => {
  const response = await consoleOver().request('/');
  expect(response.status).toBe(404);
  expect(await response.text()).toContain('/readyz');
});
