import { expect, it } from 'vitest';
import { queryFileInfo } from '../../../src/fastdfs/protocol/commands/query-file-info.ts';
import type { FakeStorage } from '../../support/fake-cluster.ts';
import { at, neverAborted, readAll, replicate, startBench, storeOne } from './harness.ts';

const signal = neverAborted;
const content = Buffer.from('what was stored');

const questions = ({ requests }: FakeStorage) =>
  requests.filter((code) => code === queryFileInfo.code).length;

async function withReplica() {
  const bench = await startBench({ group1: 2 });
  const piece = await storeOne(bench, content);
  const [source, replica] = [at(bench.storages, 0), at(bench.storages, 1)];
  replicate(source, replica);
  return { ...bench, fileId: piece.fileId, source, replica };
}

it('the source that has a file is the only one asked, when that is enough', async () => {
  const { store, fileId, source, replica } = await withReplica();
  expect(await store.findCopies(fileId, { signal, isOneEnough: true })).toMatchObject([
    { isSource: true, state: 'present' },
  ]);
  expect([questions(source), questions(replica)]).toEqual([1, 0]);
});

it('the others are asked when the source does not have it', async () => {
  const { store, fileId, source } = await withReplica();
  source.files.clear();
  expect(await store.findCopies(fileId, { signal, isOneEnough: true })).toMatchObject([
    { isSource: true, state: 'missing' },
    { isSource: false, state: 'present' },
  ]);
});

it('each copy is read as it is, whatever its file ID says', async () => {
  const { store, fileId, replica } = await withReplica();
  const damaged = Buffer.from('something else, and longer');
  for (const fileName of replica.files.keys()) replica.files.set(fileName, damaged);
  const read = [];
  for (const { server } of await store.findCopies(fileId, { signal })) {
    read.push(await readAll(await store.openCopy(fileId, server, { signal })));
  }
  expect(read).toEqual([content, damaged]);
});

it('a copy that is not there, and a server that nobody knows, are told apart', async () => {
  const { store, fileId, replica } = await withReplica();
  replica.files.clear();
  const [, second] = await store.findCopies(fileId, { signal });
  const open = (server: string) => store.openCopy(fileId, server, { signal });
  await expect(open(second?.server ?? '')).rejects.toMatchObject({ reason: 'not-found' });
  await expect(open('10.0.0.1:1')).rejects.toMatchObject({ reason: 'unavailable' });
});
