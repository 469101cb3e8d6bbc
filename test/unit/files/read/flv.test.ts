import { expect, it } from 'vitest';
import { flvHeader, flvPart } from '../../../../src/files/read/flv.ts';

const part = (query: string, name = 'M00/00/00/x.flv') =>
  flvPart(name, new URLSearchParams(query), 1000);

it.each([
  ['start=100', { range: { start: 100, size: 900 }, isSkip: true }],
  ['start=100&end=200', { range: { start: 100, size: 100 }, isSkip: true }],
  ['start=100&end=5000', { range: { start: 100, size: 900 }, isSkip: true }],
  ['start=0', { range: { start: 0, size: 1000 }, isSkip: false }],
  ['start=0&end=10', { range: { start: 0, size: 10 }, isSkip: false }],
])('%s', (query, expected) => {
  expect(part(query)).toEqual(expected);
});

it.each(['start=1000', 'start=200&end=200', 'start=200&end=100'])('%s is out of range', (query) => {
  expect(part(query)).toBe('out-of-range');
});

it.each(['', 'start=abc', 'start=', 'start=-1', 'end=100'])('%s asks for no part', (query) => {
  expect(part(query)).toBeNull();
});

it('other files have no such parts', () => {
  expect(part('start=100', 'M00/00/00/x.mp4')).toBeNull();
});

it('the header is a whole one', () => {
  expect(flvHeader.toString('latin1', 0, 3)).toBe('FLV');
  expect(flvHeader).toHaveLength(13);
});
