import { describe, expect, it, vi } from 'vitest';
import { BlobStoreError, type StorageServerState } from '../../../src/blob-store/blob-store.ts';
import type { CommandContext } from '../../../src/cli/command.ts';
import { runDeletionQueue, showDeletionQueue } from '../../../src/cli/gc.ts';
import { createTestCore, type TestCore } from '../../support/core-services.ts';

/** Commands go by the real clock. */
async function createCore(): Promise<TestCore> {
  const core = await createTestCore();
  core.clock.nowMs = Date.now();
  return core;
}

const contextOf = (core: TestCore) => ({ services: { core } }) as unknown as CommandContext;
const due = (core: TestCore, ...fileIds: string[]) =>
  core.index.queueDeletions(fileIds, core.clock.nowMs - 1);
const early = (core: TestCore, ...fileIds: string[]) =>
  core.index.queueDeletions(fileIds, core.clock.nowMs + 3_600_000);

describe('gc status', () => {
  it('shows each group, its servers and what could not be deleted', async () => {
    const core = await createCore();
    await due(core, 'group1/a', 'group1/b');
    await early(core, 'group2/c');
    const server = (isWritable: boolean) => ({ isWritable }) as StorageServerState;
    const group = { totalMib: 0, freeMib: 0, reservedMib: 0 };
    vi.spyOn(core.blobs, 'clusterState').mockResolvedValue({
      trackers: [],
      groups: [{ ...group, groupName: 'group1', storageServers: [server(true), server(false)] }],
    });
    core.blobs.faults.undeletable = new Set(['group1/a']);
    await runDeletionQueue(contextOf(core), {});
    const { json, text, failed } = await showDeletionQueue(contextOf(core));
    expect(failed).toBeFalsy();
    expect(json).toMatchObject({
      groups: [
        {
          groupName: 'group1',
          queued: 1,
          due: 0,
          failing: 1,
          servers: { writable: 1, listed: 2 },
        },
        { groupName: 'group2', queued: 1, due: 0, failing: 0, servers: null },
      ],
      failing: [{ fileId: 'group1/a', attempts: 1, problem: 'group1/a cannot be deleted now' }],
    });
    expect(text.split('\n')).toEqual([
      expect.stringMatching(/^GROUP +QUEUED +DUE +FAILING +OLDEST +WRITABLE SERVERS$/),
      expect.stringMatching(/^group1 +1 +0 +1 +\d+ s +1 of 2$/),
      expect.stringMatching(/^group2 +1 +0 +0 +\d+ s +unknown to the trackers$/),
      '',
      expect.stringMatching(/^FAILING FILE +ATTEMPTS +LAST PROBLEM$/),
      expect.stringMatching(/^group1\/a +1 +group1\/a cannot be deleted now$/),
    ]);
  });

  it('says so when nothing waits', async () => {
    const { json, text } = await showDeletionQueue(contextOf(await createCore()));
    expect(json).toEqual({ groups: [], failing: [] });
    expect(text).toBe('No files wait to be deleted.');
  });
});

describe('gc run', () => {
  it('deletes what is due', async () => {
    const core = await createCore();
    await due(core, 'group1/a', 'group2/b');
    await early(core, 'group1/c');
    const { json, failed } = await runDeletionQueue(contextOf(core), {});
    expect(failed).toBe(false);
    const done = { deleted: 1, failed: 0, isReachable: true, problem: null };
    expect(json).toEqual({
      isInterrupted: false,
      groups: [
        { groupName: 'group1', ...done },
        { groupName: 'group2', ...done },
      ],
    });
    expect(await core.index.countDeletions()).toBe(1);
  });

  it('deletes everything with --all', async () => {
    const core = await createCore();
    await early(core, 'group1/c');
    await runDeletionQueue(contextOf(core), { all: true });
    expect(await core.index.countDeletions()).toBe(0);
  });

  it('fails when files could not be deleted', async () => {
    const core = await createCore();
    await due(core, 'group1/a', 'group1/b');
    core.blobs.faults.undeletable = new Set(['group1/b']);
    const { json, failed, text } = await runDeletionQueue(contextOf(core), {});
    expect(failed).toBe(true);
    const problem = 'group1/b: group1/b cannot be deleted now';
    expect(json).toMatchObject({
      groups: [{ groupName: 'group1', deleted: 1, failed: 1, isReachable: true, problem }],
    });
    expect(text).toContain(problem);
  });

  it('fails when a group cannot be reached', async () => {
    const core = await createCore();
    await due(core, 'group1/a');
    vi.spyOn(core.blobs, 'delete').mockRejectedValue(new BlobStoreError('unavailable', 'down'));
    const { json, failed } = await runDeletionQueue(contextOf(core), {});
    expect(failed).toBe(true);
    expect(json).toMatchObject({ groups: [{ isReachable: false, problem: 'down' }] });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends in order at %s', async (name) => {
    const core = await createCore();
    await due(core, 'group1/a', 'group1/b');
    const listenersBefore = process.listenerCount(name);
    vi.spyOn(core.blobs, 'delete').mockImplementation(async (_fileId, { signal }) => {
      // As the terminal does, but for others that listen in this process.
      process.listeners(name).at(-1)?.(name);
      signal.throwIfAborted();
    });
    const { json, failed, text } = await runDeletionQueue(contextOf(core), {});
    expect(failed).toBe(true);
    expect(json).toMatchObject({ isInterrupted: true, groups: [{ deleted: 0, failed: 0 }] });
    expect(text).toContain('Interrupted');
    expect(await core.index.countDeletions()).toBe(2);
    expect(process.listenerCount(name)).toBe(listenersBefore);
  });

  it('says so when nothing is due', async () => {
    const { text, failed } = await runDeletionQueue(contextOf(await createCore()), {});
    expect([text, failed]).toEqual(['Nothing was due.', false]);
  });
});
