import { describe, expect, it } from 'vitest';
import {
  listStorages,
  type StorageRecord,
} from '../../../../../src/fastdfs/protocol/commands/list-storages.ts';
import { ProtocolError } from '../../../../../src/fastdfs/protocol/errors.ts';
import {
  DEFAULT_RESPONSE_LAYOUT,
  STORAGE_RECORD_SIZES,
  type StorageRecordSize,
} from '../../../../../src/fastdfs/protocol/response-layout.ts';
import { emptyStorageStat } from '../../../../../src/fastdfs/protocol/storage-stat.ts';

const STORAGE: StorageRecord = {
  status: 7,
  rwMode: 6,
  id: '10.77.1.11',
  host: '10.77.1.11',
  domainName: null,
  sourceStorageId: '10.77.1.12',
  version: '6.16.1',
  joinTime: 1_795_210_924,
  upTime: 1_795_210_925,
  totalMb: 258_019,
  freeMb: 75_188,
  reservedMb: 2580,
  uploadPriority: 10,
  storePathCount: 2,
  subdirCountPerPath: 256,
  currentWritePath: 1,
  port: 23000,
  httpPort: null,
  stat: { ...emptyStorageStat(), connectionMaxCount: 9, lastHeartBeatTime: 1_795_213_743 },
  isTrunkServer: true,
};

function lost(size: StorageRecordSize): Partial<StorageRecord> {
  const isHttpEra = size >= 600;
  return {
    ...(isHttpEra ? { rwMode: null, domainName: '', httpPort: 0 } : {}),
    ...(isHttpEra || size === 509 ? { reservedMb: null } : {}),
    ...(size === 600 ? { stat: { ...STORAGE.stat, connectionMaxCount: 0 } } : {}),
  };
}

describe.each(STORAGE_RECORD_SIZES)('records of %s bytes', (size) => {
  const layout = { ...DEFAULT_RESPONSE_LAYOUT, storageRecordSize: size };

  it.each([1, 2, 32])('are told apart by their length when there are %s', (count) => {
    const body = listStorages.encodeResponse(Array(count).fill(STORAGE), layout);
    expect(body).toHaveLength(count * size);
    expect(listStorages.decodeResponse(body)).toEqual(
      Array(count).fill({ ...STORAGE, ...lost(size) }),
    );
  });

  it('are so for every number up to 32', () => {
    for (let count = 1; count <= 32; count++) {
      const fitting = STORAGE_RECORD_SIZES.filter(
        (other) => (count * size) % other === 0 && (count * size) / other <= 32,
      );
      expect(fitting).toEqual([size]);
    }
  });
});

it('may list no storage server', () => {
  expect(listStorages.decodeResponse(Buffer.alloc(0))).toEqual([]);
});

it.each([1, 486, 488, 487 * 33])('refuses %s bytes', (size) => {
  expect(() => listStorages.decodeResponse(Buffer.alloc(size))).toThrow(ProtocolError);
});

it.each(['', 'sixteen-long-id-'])('does not ask for the id %j', (storageId) => {
  expect(() => listStorages.encodeRequest({ groupName: 'group1', storageId })).toThrow(
    ProtocolError,
  );
});
