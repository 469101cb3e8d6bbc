import { beforeEach, expect, it } from 'vitest';
import type { CommandContext } from '../../../src/cli/command.ts';
import { fsckData } from '../../../src/cli/fsck-data.ts';
import { dataFinding, dataWalkState, SavedWalk } from '../../../src/cli/saved-walk.ts';
import { newDataWalkState } from '../../../src/core/fsck/data-walk.ts';
import { DataDirectory } from '../../../src/data-directory.ts';
import { createTestCore, type TestCore } from '../../support/core-services.ts';
import { putText } from '../../support/put-text.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

let core: TestCore;
let restoredAtMs: number | null;
let directory: DataDirectory;
beforeEach(async () => {
  core = await createTestCore({ indexFaults: { findRestoreTime: async () => restoredAtMs } });
  core.blobs.servers = ['a:1'];
  restoredAtMs = null;
  directory = DataDirectory.prepare(temporaryDirectory());
  for (const key of ['a', 'b', 'c']) await putText(core, key, key);
});

async function checkedFiles(): Promise<unknown> {
  const { json } = await fsckData({ services: { core, directory } } as unknown as CommandContext, {
    rate: '100000',
  });
  return (json as { readonly checked: object }).checked;
}

/** As a walk leaves it that was stopped behind the second of the three files. */
async function stopBehindSecond(): Promise<void> {
  const { next } = await core.index.listFileReferences({ bucketId: null, after: null, limit: 2 });
  const saved = new SavedWalk(
    directory.walkFile('data-walk'),
    { bucketId: null, level: 'ask', restoredAtMs },
    { state: dataWalkState, finding: dataFinding },
  );
  saved.save({ ...newDataWalkState, cursor: next, referenceCount: 2, fileCount: 2 }, []);
}

it('goes on where it was stopped', async () => {
  await stopBehindSecond();
  // The two that the walk before has looked at are not among the sound ones of this one.
  expect(await checkedFiles()).toMatchObject({ files: 3, sound: 1 });
});

it('starts over when the index was restored meanwhile', async () => {
  await stopBehindSecond();
  restoredAtMs = 1_700_000_000_000;
  expect(await checkedFiles()).toMatchObject({ files: 3, sound: 3 });
});
