import { expect, it } from 'vitest';
import { reportReplicas } from '../../../src/cli/replica-report.ts';
import {
  newWalkState,
  type ReplicaFinding,
  type ReplicaWalkState,
} from '../../../src/core/replicas/walk-state.ts';
import { copiesOf } from '../../support/file-copies.ts';

const bucket = {
  ...{ id: 7, name: 'photos', ownerId: 'o', locationConstraint: null, createdAtMs: 1 },
  ...{ versioning: null, hasObjectLock: false, quota: { sizeBytes: null, objectCount: null } },
};
const index = { listBuckets: async () => [bucket] };
const once = { repairs: false, isContinued: false };

const whole = { fileOffset: 0, size: 4, isWholeFile: true };
const finding: ReplicaFinding = {
  ...{ fileId: 'group1/M00/f', verdict: 'single-copy', copies: copiesOf('present', 'missing') },
  references: [
    { fileId: 'group1/M00/f', bucketId: 7, key: 'cat\n\u001b[2J.jpg', uploadId: null, ...whole },
  ],
  ...{ referenceCount: 1, action: 'none', newFileId: null, remainingCount: 0, problem: null },
};

const finished = (given: Partial<ReplicaWalkState> = {}): ReplicaWalkState => ({
  ...newWalkState,
  isFinished: true,
  ...given,
});

it('says little when all is well', async () => {
  const verdictCounts = { ...newWalkState.verdictCounts, whole: 12 };
  const { text } = await reportReplicas(finished({ fileCount: 12, verdictCounts }), index, once);
  expect(text.split('\n').length).toBe(3);
  expect(text).toMatch(/on all storage servers of their group +12/);
});

it('names bucket, key and servers of a finding, and cannot be abused by a key', async () => {
  const state = finished({ findings: [finding] });
  const { text, json } = await reportReplicas(state, index, once);
  expect(text).toContain('photos/cat\\n\\u001b[2J.jpg');
  expect(text).toContain('a:1=present b:1=missing');
  expect(text).toContain('1 file needs attention; --repair');
  expect(json).toMatchObject({
    findings: [{ keys: [{ bucket: 'photos', key: 'cat\n\u001b[2J.jpg', uploadId: null }] }],
  });
});

it.each<[string, Partial<ReplicaFinding>, string]>([
  ['stored anew', { action: 'repaired', newFileId: 'group1/M00/g' }, 'stored anew as group1/M00/g'],
  [
    'needed under keys that were not met',
    { action: 'repaired', newFileId: 'group1/M00/g', remainingCount: 2 },
    'stored anew as group1/M00/g, 2 keys still need the old one',
  ],
  [
    'beyond repair',
    { action: 'failed', problem: 'no space' },
    'could not be stored anew: no space',
  ],
])('says what was done for a file %s', async (_case, given, said) => {
  const state = finished({ findings: [{ ...finding, ...given }] });
  const { text } = await reportReplicas(state, index, { repairs: true, isContinued: false });
  expect(text).toContain(said);
  expect(text).not.toContain('--repair');
});

it('says when it was stopped, when it went on, and when servers were down', async () => {
  const stopped = await reportReplicas({ ...newWalkState, cursor: 'c' }, index, once);
  expect(stopped.text).toContain('Stopped before the end');
  const verdictCounts = { ...newWalkState.verdictCounts, unknown: 3 };
  const state = finished({ verdictCounts });
  const { text } = await reportReplicas(state, index, { repairs: false, isContinued: true });
  expect(text).toContain('went on where the one before had stopped');
  expect(text).toContain('Run it again when all storage servers are ACTIVE');
});
