import { expect, it } from 'vitest';
import { queryFileInfo } from '../../../src/fastdfs/protocol/commands/query-file-info.ts';
import type { FakeStorage } from '../../support/fake-cluster.ts';
import { at, neverAborted, replicate, startBench, storeOne } from './harness.ts';

const signal = neverAborted;
const content = Buffer.from('a master, eleven or more bytes');

const questions = ({ requests }: FakeStorage) =>
  requests.filter((code) => code === queryFileInfo.code).length;

async function withReplica() {
  const bench = await startBench({ group1: 2 });
  const { fileId } = await storeOne(bench, content);
  const [source, replica] = [at(bench.storages, 0), at(bench.storages, 1)];
  const slaveName = `${fileId.slice('group1/'.length)}_150x150.jpg`;
  source.files.set(slaveName, Buffer.from('a slave'));
  replicate(source, replica);
  return { ...bench, fileId, slaveId: `group1/${slaveName}`, source, replica };
}

it('the source alone is asked while it answers', async () => {
  const { store, fileId, source, replica } = await withReplica();
  expect(await store.statFile(fileId, { signal })).toMatchObject({ size: content.length });
  expect([questions(source), questions(replica)]).toEqual([1, 0]);
});

it('a slave has a size of its own, and a CRC-32 only when one was computed', async () => {
  const { store, slaveId } = await withReplica();
  expect(await store.statFile(slaveId, { signal })).toEqual({
    size: 'a slave'.length,
    modifiedAtMs: 1_795_211_713_000,
    crc32: null,
  });
});

it('a replica tells when the source is down', async () => {
  const { store, slaveId, source } = await withReplica();
  await source.stop();
  expect(await store.statFile(slaveId, { signal })).toMatchObject({ size: 'a slave'.length });
});

it('a slave that its source has deleted is gone, whatever a replica still has', async () => {
  const { store, slaveId, source } = await withReplica();
  source.files.delete(slaveId.slice('group1/'.length));
  await expect(store.statFile(slaveId, { signal })).rejects.toMatchObject({ reason: 'not-found' });
});

it('a file that only replicas have is there', async () => {
  const { store, fileId, source } = await withReplica();
  source.files.clear();
  expect(await store.statFile(fileId, { signal })).toMatchObject({ size: content.length });
});

it.each([
  ['no server has it', 'group1/M00/00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg', 'not-found'],
  [
    'its group is not in the cluster',
    'group9/M00/00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg',
    'not-found',
  ],
  ['it is no file ID', 'group1/M00/../../etc/passwd', 'not-found'],
])('not found: %s', async (_name, fileId, reason) => {
  const { store } = await withReplica();
  await expect(store.statFile(fileId, { signal })).rejects.toMatchObject({ reason });
});

it('nobody can tell while all servers are down', async () => {
  const { store, fileId, source, replica } = await withReplica();
  await store.statFile(fileId, { signal });
  await Promise.all([source.stop(), replica.stop()]);
  const asked = store.statFile(fileId, { signal });
  await expect(asked).rejects.toMatchObject({ reason: 'unavailable' });
});
