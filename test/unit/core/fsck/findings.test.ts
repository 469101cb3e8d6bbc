import { expect, it } from 'vitest';
import { type Finding, FindingLog, findingsKeptMax } from '../../../../src/core/fsck/findings.ts';

const finding = (overrides: Partial<Finding> = {}): Finding => ({
  kind: 'count-too-high',
  severity: 'warning',
  where: { fileId: 'group1/M00/00/00/x' },
  problem: 'x',
  repair: 'possible',
  ...overrides,
});

it('gives the worst findings first, counted by kind', () => {
  const log = new FindingLog();
  log.add(finding());
  log.add(finding({ kind: 'lost', severity: 'severe', repair: 'repaired' }));
  log.add(finding({ repair: 'repaired' }));
  expect(log.kept.map(({ kind }) => kind)).toEqual(['lost', 'count-too-high', 'count-too-high']);
  expect(log.counts).toEqual([
    { kind: 'lost', severity: 'severe', count: 1, repairedCount: 1 },
    { kind: 'count-too-high', severity: 'warning', count: 2, repairedCount: 1 },
  ]);
  expect(log.openCount).toBe(1);
});

it('counts findings of one kind that are worse by themselves', () => {
  const log = new FindingLog();
  log.add(finding({ kind: 'file-id-malformed' }));
  log.add(finding({ kind: 'file-id-malformed', severity: 'severe' }));
  expect(log.counts).toEqual([
    { kind: 'file-id-malformed', severity: 'severe', count: 1, repairedCount: 0 },
    { kind: 'file-id-malformed', severity: 'warning', count: 1, repairedCount: 0 },
  ]);
});

it('keeps a bounded number of findings and counts all of them', () => {
  const log = new FindingLog();
  for (let made = 0; made < findingsKeptMax + 5; made += 1) log.add(finding());
  log.addUnseen({ kind: 'other', severity: 'error', repair: 'impossible' }, 7);
  expect(log.kept).toHaveLength(findingsKeptMax);
  expect(log.openCount).toBe(findingsKeptMax + 12);
});
