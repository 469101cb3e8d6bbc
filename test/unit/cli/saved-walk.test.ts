import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  dataFinding,
  dataWalkState,
  replicaFinding,
  replicaWalkState,
  SavedWalk,
} from '../../../src/cli/saved-walk.ts';
import { newDataWalkState } from '../../../src/core/fsck/data-walk.ts';
import type { Finding } from '../../../src/core/fsck/findings.ts';
import {
  newWalkState,
  type ReplicaFinding,
  restoreWalkState,
} from '../../../src/core/replicas/walk-state.ts';
import { WalkFile } from '../../../src/support/walk-file.ts';
import { copiesOf } from '../../support/file-copies.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const dataShapes = { state: dataWalkState, finding: dataFinding };
const finding: Finding = {
  ...{ kind: 'file-missing', severity: 'severe', where: { bucketId: 1, key: 'k', fileId: 'f' } },
  ...{ problem: 'f is missing', repair: 'impossible' },
};
const state = { ...newDataWalkState, cursor: 'c', fileCount: 7, bytesRead: 5 };

const open = (path: string, kind: object) => new SavedWalk(new WalkFile(path), kind, dataShapes);
const newPath = () => join(temporaryDirectory(), 'walk.json');

it('goes on with what a run with the same options has left', () => {
  const path = newPath();
  open(path, { level: 'ask' }).save(state, [finding]);
  expect(open(path, { level: 'ask' }).find()).toEqual({ state, findings: [finding] });
});

it('starts over with other options, and forgets what was found', () => {
  const path = newPath();
  open(path, { level: 'ask' }).save(state, [finding]);
  const other = open(path, { level: 'read' });
  expect(other.find()).toBeNull();
  other.save(state, []);
  expect(open(path, { level: 'read' }).find()?.findings).toEqual([]);
});

it.each([
  [{ ...state, fileCount: -1 }, []],
  [{ ...state, cursor: 3 }, []],
  [{ ...state, verdictCounts: { sound: 1 } }, []],
  [state, [{ ...finding, severity: 'great' }]],
  [state, [{ ...finding, where: { bucketId: 'x' } }]],
])('starts over when what was kept is damaged: %j %j', (progress, findings) => {
  const path = newPath();
  new WalkFile(path).save({ kind: {}, progress }, findings);
  expect(open(path, {}).find()).toBeNull();
});

it('keeps the findings of replicas apart from their numbers', () => {
  const found: ReplicaFinding = {
    ...{ fileId: 'f', verdict: 'single-copy', copies: copiesOf('present', 'missing') },
    references: [
      {
        ...{ fileId: 'f', bucketId: 7, key: 'k', uploadId: null },
        ...{ fileOffset: 0, size: 4, isWholeFile: true },
      },
    ],
    ...{ referenceCount: 1, action: 'repaired', newFileId: 'g', remainingCount: 0, problem: null },
  };
  const walked = { ...newWalkState, cursor: 'c', repairedCount: 1, findings: [found] };
  const path = newPath();
  const shapes = { state: replicaWalkState, finding: replicaFinding };
  new SavedWalk(new WalkFile(path), {}, shapes).save(walked, [found]);
  const kept = new SavedWalk(new WalkFile(path), {}, shapes).find();
  expect(kept?.state).not.toHaveProperty('findings');
  expect(kept && restoreWalkState(kept.state, kept.findings)).toEqual(walked);
});
