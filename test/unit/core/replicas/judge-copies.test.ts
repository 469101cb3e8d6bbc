import { expect, it } from 'vitest';
import { judgeCopies } from '../../../../src/core/replicas/judge-copies.ts';
import { copiesOf } from '../../../support/file-copies.ts';

it.each([
  ['no tracker tells the group', [], 'unknown'],
  ['a group of one has it', ['present'], 'whole'],
  ['a group of one does not have it', ['missing'], 'missing'],
  ['a group of one is down', ['unknown'], 'unknown'],
  ['both have it', ['present', 'present'], 'whole'],
  ['the second one does not have it', ['present', 'missing'], 'single-copy'],
  ['the second one is down', ['present', 'unknown'], 'unknown'],
  ['the first one is down, and the second does not have it', ['unknown', 'missing'], 'unknown'],
  ['neither has it', ['missing', 'missing'], 'missing'],
  ['one copy is cut', ['present', 'damaged'], 'damaged'],
  ['the only copy is cut', ['damaged', 'missing'], 'damaged'],
  ['two of three have it, the third is down', ['present', 'present', 'unknown'], 'whole'],
  ['two of three have it, the third does not', ['present', 'present', 'missing'], 'partial'],
  ['one of three has it, one is down', ['present', 'missing', 'unknown'], 'single-copy'],
  ['one of three has it, two are down', ['present', 'unknown', 'unknown'], 'unknown'],
] as const)('%s', (_case, states, verdict) => {
  expect(judgeCopies(copiesOf(...states))).toBe(verdict);
});
