import { expect, it } from 'vitest';
import { nearestName } from '../../../src/support/nearest-name.ts';

const names = ['GATEWAY_REGION', 'GATEWAY_DOMAINS'];

it.each([
  ['GATEWAY_REGOIN', 2, 'GATEWAY_REGION'],
  ['GATEWAY_REGION', 0, 'GATEWAY_REGION'],
  ['GATEWAY_DOMAIN', 1, 'GATEWAY_DOMAINS'],
  ['GATEWAY_REGOIN', 1, null],
  ['', 5, null],
])('%j within %i edits is %s', (name, editsMax, nearest) => {
  expect(nearestName(name, names, editsMax)).toBe(nearest);
});
