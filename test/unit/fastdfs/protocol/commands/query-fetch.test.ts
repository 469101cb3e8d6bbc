import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  queryFetchAll,
  queryFetchOne,
} from '../../../../../src/fastdfs/protocol/commands/query-fetch.ts';
import {
  queryStoreWithoutGroupAll,
  queryStoreWithoutGroupOne,
} from '../../../../../src/fastdfs/protocol/commands/query-store.ts';
import { ProtocolError } from '../../../../../src/fastdfs/protocol/errors.ts';
import { RESPONSE_LAYOUTS } from '../../../../../src/fastdfs/protocol/response-layout.ts';

const OWN_PORTS = [RESPONSE_LAYOUTS['6.16'], RESPONSE_LAYOUTS['6.16-ipv6']];
const SHARED_PORT = [
  RESPONSE_LAYOUTS['5.04'],
  RESPONSE_LAYOUTS['6.11'],
  RESPONSE_LAYOUTS['6.15'],
  RESPONSE_LAYOUTS['6.15-ipv6'],
];
const ports = fc.integer({ min: 1, max: 65535 });
const endpoints = fc.array(fc.record({ host: fc.ipV4(), port: ports }), {
  minLength: 1,
  maxLength: 32,
  size: 'max',
});
const groupNames = fc.stringMatching(/^[A-Za-z0-9]{1,16}$/);

describe('QUERY_FETCH_ALL', () => {
  it('is read whichever form it has, though the lengths collide', () => {
    fc.assert(
      fc.property(
        groupNames,
        endpoints,
        fc.constantFrom(...OWN_PORTS),
        (groupName, storages, layout) => {
          const targets = { groupName, storages };
          const body = queryFetchAll.encodeResponse(targets, layout);
          expect(queryFetchAll.decodeResponse(body)).toEqual(targets);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is read with one port for all', () => {
    fc.assert(
      fc.property(
        groupNames,
        endpoints,
        ports,
        fc.constantFrom(...SHARED_PORT),
        (groupName, list, port, layout) => {
          const targets = { groupName, storages: list.map(({ host }) => ({ host, port })) };
          const body = queryFetchAll.encodeResponse(targets, layout);
          expect(queryFetchAll.decodeResponse(body)).toEqual(targets);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('holds IPv6 addresses in the wide form', () => {
    const targets = { groupName: 'group1', storages: [{ host: 'fd00:99:1::11', port: 23000 }] };
    const body = queryFetchAll.encodeResponse(targets, RESPONSE_LAYOUTS['6.16-ipv6']);
    expect(body).toHaveLength(69);
    expect(queryFetchAll.decodeResponse(body)).toEqual(targets);
  });

  it('of 69 bytes is one wide record or three old narrow ones', () => {
    const storages = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((host) => ({ host, port: 23000 }));
    const body = queryFetchAll.encodeResponse(
      { groupName: 'g', storages },
      RESPONSE_LAYOUTS['5.04'],
    );
    expect(body).toHaveLength(69);
    expect(queryFetchAll.decodeResponse(body).storages).toEqual(storages);
  });

  it.each([0, 16, 24, 38, 40, 70])('of %s zero bytes is refused', (size) => {
    expect(() => queryFetchAll.decodeResponse(Buffer.alloc(size))).toThrow(ProtocolError);
  });
});

describe('both widths of the address', () => {
  const target = { groupName: 'group1', host: '10.0.0.1', port: 23000 };
  const layouts = [
    [RESPONSE_LAYOUTS['6.16'], 39, 40],
    [RESPONSE_LAYOUTS['6.16-ipv6'], 69, 70],
  ] as const;

  it.each(layouts)('are told by the length of a fetch answer', (layout, size) => {
    const body = queryFetchOne.encodeResponse(target, layout);
    expect(body).toHaveLength(size);
    expect(queryFetchOne.decodeResponse(body)).toEqual(target);
  });

  it.each(layouts)('are told by the length of a store answer', (layout, _, size) => {
    const store = { ...target, storePathIndex: 3 };
    const body = queryStoreWithoutGroupOne.encodeResponse(store, layout);
    expect(body).toHaveLength(size);
    expect(queryStoreWithoutGroupOne.decodeResponse(body)).toEqual(store);
  });

  it('are told by the length of a list for an upload', () => {
    fc.assert(
      fc.property(
        groupNames,
        endpoints,
        fc.nat(255),
        fc.constantFrom(...OWN_PORTS),
        (groupName, storages, storePathIndex, layout) => {
          const targets = { groupName, storages, storePathIndex };
          const body = queryStoreWithoutGroupAll.encodeResponse(targets, layout);
          expect(queryStoreWithoutGroupAll.decodeResponse(body)).toEqual(targets);
        },
      ),
    );
  });

  it.each([
    ['an address that is text', { ...target, host: 'storage-1' }],
    ['no address', { ...target, host: '' }],
  ])('are refused with %s', (_, wrong) => {
    const body = queryFetchOne.encodeResponse(wrong);
    expect(() => queryFetchOne.decodeResponse(body)).toThrow(ProtocolError);
  });

  it('do not fit an address that is too long', () => {
    const wide = { ...target, host: 'fd00:1234:5678::9abc' };
    expect(() => queryFetchOne.encodeResponse(wide)).toThrow(ProtocolError);
  });
});
