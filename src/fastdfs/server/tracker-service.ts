import { activeTest } from '../protocol/commands/active-test.ts';
import { fetchStorageIds } from '../protocol/commands/fetch-storage-ids.ts';
import { listAllGroups, listOneGroup } from '../protocol/commands/list-groups.ts';
import { listStorages } from '../protocol/commands/list-storages.ts';
import { getParameters } from '../protocol/commands/parameters.ts';
import { queryFetchAll, queryFetchOne, queryUpdate } from '../protocol/commands/query-fetch.ts';
import {
  queryStoreWithGroupAll,
  queryStoreWithGroupOne,
  queryStoreWithoutGroupAll,
  queryStoreWithoutGroupOne,
} from '../protocol/commands/query-store.ts';
import type { Header } from '../protocol/frame.ts';
import type { ClusterView } from './cluster-view.ts';
import type { TrackerFaults } from './faults.ts';
import { errno, RefusedRequest } from './refused-request.ts';
import type { ServerConnection } from './server-connection.ts';
import type { Service } from './service.ts';
import { answer, type TrackerHandler } from './tracker-handler.ts';
import { operatorCommands } from './tracker-operator-commands.ts';

const clientCommands: readonly TrackerHandler[] = [
  answer(activeTest, () => {}),
  answer(queryStoreWithoutGroupOne, (view) => view.storeTarget()),
  answer(queryStoreWithGroupOne, (view, { groupName }) => view.storeTarget(groupName)),
  answer(queryStoreWithoutGroupAll, (view) => view.storeTargets()),
  answer(queryStoreWithGroupAll, (view, { groupName }) => view.storeTargets(groupName)),
  answer(queryFetchOne, (view, file) => view.fetchTarget(file)),
  answer(queryUpdate, (view, file) => view.updateTarget(file)),
  answer(queryFetchAll, (view, file) => view.fetchTargets(file)),
  answer(listAllGroups, (view) => view.groupNames.map((name) => view.groupRecord(name))),
  answer(listOneGroup, (view, { groupName }) => view.groupRecord(groupName)),
  answer(listStorages, (view, { groupName, storageId }) =>
    view.storageRecords(groupName, storageId),
  ),
  answer(getParameters, (view) => view.parameters()),
  answer(fetchStorageIds, (view, { startIndex, allowEmpty }) => {
    if (!view.usesStorageIds && !allowEmpty) {
      throw new RefusedRequest(errno.EOPNOTSUPP, 'storage ids are off');
    }
    const lines = view.storageIds();
    if (startIndex < 0 || startIndex > lines.length) {
      throw new RefusedRequest(errno.EINVAL, `there is no storage id ${startIndex}`);
    }
    return { total: lines.length, lines: lines.slice(startIndex) };
  }),
];

const handlers = new Map(
  [...clientCommands, ...operatorCommands].map((handler) => [handler.code, handler]),
);

/** The tracker's commands for clients and operators. */
export class TrackerService implements Service {
  readonly name = 'tracker';
  readonly closesAfterInvalid = false;
  readonly takesRestForCommands = false;
  /** A tracker's `max_buff_size`; longer requests are cut off without an answer. */
  readonly bodyLengthMax = 256 * 1024 - 10;
  readonly #view: ClusterView;

  constructor(view: ClusterView) {
    this.#view = view;
  }

  get faults(): TrackerFaults {
    return this.#view.faults;
  }

  connectionOpened(): void {}

  connectionClosed(): void {}

  async handle(header: Header, connection: ServerConnection): Promise<void> {
    const body = await connection.readBody();
    const handler = handlers.get(header.code);
    if (handler === undefined) {
      throw new RefusedRequest(errno.EINVAL, `unknown tracker command ${header.code}`);
    }
    await connection.reply.send(0, handler.answer(this.#view, body));
  }
}
