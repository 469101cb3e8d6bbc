import type { Command } from '../command.ts';
import { decodeEmpty, encodeEmpty } from '../empty-body.ts';
import { ProtocolError } from '../errors.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { type GroupRequest, groupRequest } from './group-request.ts';
import { type ListStoragesRequest, listStorages, requireStorageId } from './list-storages.ts';

/** request  groupName[16] storageId:rest */
const storageRequest = {
  encodeRequest(request: StorageRequest): Buffer {
    return listStorages.encodeRequest(request);
  },
  decodeRequest(body: Buffer): StorageRequest {
    const { groupName, storageId } = listStorages.decodeRequest(body);
    if (storageId === null) throw new ProtocolError('storage id missing');
    return { groupName, storageId };
  },
};

export interface StorageRequest {
  readonly groupName: string;
  readonly storageId: string;
}

/**
 * Takes a storage server that is gone for good out of a tracker's list; to be sent to each tracker.
 * Status 16: it is in use; 114: it was deleted before.
 *
 * request   groupName[16] storageId:rest
 * response  empty
 */
export const deleteStorage: Command<StorageRequest, void> = {
  name: 'SERVER_DELETE_STORAGE',
  code: 93,
  ...storageRequest,
  encodeResponse: encodeEmpty,
  decodeResponse: decodeEmpty,
};

/**
 * Removes a group without storage servers; to be sent to each tracker. Status 16: it has some.
 *
 * request   groupName[16]
 * response  empty
 */
export const deleteGroup: Command<GroupRequest, void> = {
  name: 'SERVER_DELETE_GROUP',
  code: 108,
  ...groupRequest,
  encodeResponse: encodeEmpty,
  decodeResponse: decodeEmpty,
};

/**
 * Names the storage server that hands out space in trunk files; without an id the tracker chooses.
 * Status 95: trunk files are off, or this tracker is not the leader.
 *
 * request   groupName[16] storageId:rest, which may be missing
 * response  storageId and a NUL
 */
export const setTrunkServer: Command<ListStoragesRequest, { readonly storageId: string }> = {
  name: 'SERVER_SET_TRUNK_SERVER',
  code: 94,
  encodeRequest: listStorages.encodeRequest,
  decodeRequest: listStorages.decodeRequest,
  encodeResponse({ storageId }) {
    requireStorageId(storageId);
    return new FieldWriter().text(storageId, storageId.length + 1).toBuffer();
  },
  decodeResponse(body) {
    const storageId = new FieldReader(body).text(body.length);
    requireStorageId(storageId);
    return { storageId };
  },
};
