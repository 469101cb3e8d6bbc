import { expect, it } from 'vitest';
import {
  type GroupRecord,
  listAllGroups,
  listOneGroup,
} from '../../../../../src/fastdfs/protocol/commands/list-groups.ts';
import { ProtocolError } from '../../../../../src/fastdfs/protocol/errors.ts';
import { RESPONSE_LAYOUTS } from '../../../../../src/fastdfs/protocol/response-layout.ts';

const GROUP: GroupRecord = {
  groupName: 'group1',
  totalMb: 1000,
  freeMb: 900,
  reservedMb: 10,
  trunkFreeMb: 0,
  storageCount: 2,
  storagePort: 23000,
  readableServerCount: 2,
  httpPortOrReadableServerCount: null,
  writableServerCount: 1,
  currentWriteServer: 0,
  storePathCount: 1,
  subdirCountPerPath: 256,
  currentTrunkFileId: -1,
};
const OLD = { ...GROUP, reservedMb: null, readableServerCount: null };

it('keeps a record of 6.16 as it is', () => {
  const body = listOneGroup.encodeResponse(GROUP);
  expect(body).toHaveLength(113);
  expect(listOneGroup.decodeResponse(body)).toEqual(GROUP);
});

it.each([
  ['5.04', 0],
  ['6.13.0', 2],
] as const)('fits into the record of %s', (version, portOrCount) => {
  const body = listOneGroup.encodeResponse(GROUP, RESPONSE_LAYOUTS[version]);
  expect(body).toHaveLength(105);
  expect(listOneGroup.decodeResponse(body)).toEqual({
    ...OLD,
    httpPortOrReadableServerCount: portOrCount,
  });
});

it('tells 105 new records from 113 old ones, which are as long', () => {
  const named = (n: number, group: GroupRecord) =>
    Array.from({ length: n }, (_, i) => ({ ...group, groupName: `group${i}` }));
  const fresh = named(105, GROUP);
  const old = named(113, { ...OLD, httpPortOrReadableServerCount: 8888 });
  const freshBody = listAllGroups.encodeResponse(fresh);
  const oldBody = listAllGroups.encodeResponse(old, RESPONSE_LAYOUTS['5.04']);
  expect(freshBody).toHaveLength(oldBody.length);
  expect(listAllGroups.decodeResponse(freshBody)).toEqual(fresh);
  expect(listAllGroups.decodeResponse(oldBody)).toEqual(old);
});

it('may have no groups', () => {
  expect(listAllGroups.decodeResponse(Buffer.alloc(0))).toEqual([]);
});

it.each([1, 104, 112, 113 + 105, 113 * 513])('refuses %s bytes', (size) => {
  expect(() => listAllGroups.decodeResponse(Buffer.alloc(size, 'g'))).toThrow(ProtocolError);
});

it('refuses more than one group where one was asked for', () => {
  const body = listAllGroups.encodeResponse([GROUP, GROUP]);
  expect(() => listOneGroup.decodeResponse(body)).toThrow(ProtocolError);
});
