import { setTimeout as sleep } from 'node:timers/promises';
import type { FileIdParts } from '../protocol/file-id.ts';
import type { FileSource } from '../protocol/file-name-fields.ts';
import { AppenderFiles } from './appender-files.ts';
import type { StorageFaults } from './faults.ts';
import { FileNaming } from './file-naming.ts';
import { FileStore } from './file-store.ts';
import { MetadataFiles } from './metadata-files.ts';
import { errno, RefusedRequest } from './refused-request.ts';
import type { ServerConnection } from './server-connection.ts';
import type { ResolvedSettings } from './settings.ts';
import { Statistics } from './statistics.ts';

const HANGING_DISK_POLL_MS = 10;

/** A change that a client made to a file here, for the change log that replicas are fed from. */
export type FileChange =
  | { readonly kind: 'create' | 'update' | 'metadata' | 'delete'; readonly fileName: string }
  | { readonly kind: 'rename'; readonly fileName: string; readonly newName: string };

/** What a storage server of a group of several has that an embedded node has not. */
export interface GroupMembership {
  /** Names this storage server in its new files; default its address. */
  readonly source?: FileSource;
  /** Address of the storage server that took a file; empty when it is unknown. */
  readonly addressOf?: (source: FileSource) => string;
  /** Told of every change before the client is. */
  readonly onChange?: (change: FileChange) => void;
}

/** All that the storage commands work on. */
export class StorageContext {
  readonly groupName: string;
  readonly faults: StorageFaults;
  readonly store: FileStore;
  readonly naming: FileNaming;
  readonly metadata: MetadataFiles;
  readonly appenders: AppenderFiles;
  readonly statistics = new Statistics();
  readonly addressOf: (source: FileSource) => string;
  readonly changed: (change: FileChange) => void;

  constructor(settings: ResolvedSettings, faults: StorageFaults, membership: GroupMembership = {}) {
    this.groupName = settings.groupName;
    this.faults = faults;
    this.store = new FileStore(settings, faults);
    const source = membership.source ?? { host: settings.advertisedHost };
    this.naming = new FileNaming(this.store, source, faults);
    this.metadata = new MetadataFiles(this.store);
    this.appenders = new AppenderFiles(this.store, this.naming);
    this.addressOf = membership.addressOf ?? addressIn;
    this.changed = membership.onChange ?? (() => {});
  }

  /** Waits while a test wants the disk to hang. Throws `ConnectionLost` when the client gives up. */
  async diskAnswers(connection: ServerConnection): Promise<void> {
    while (this.faults.hangingDisk) {
      if (connection.lost !== null) throw connection.lost;
      await sleep(HANGING_DISK_POLL_MS);
    }
  }

  /** To be called for every file that a request names. Throws 22 for another group. */
  requireFile({ groupName, fileName }: FileIdParts): void {
    if (groupName !== this.groupName) {
      throw new RefusedRequest(errno.EINVAL, `this is ${this.groupName}, not ${groupName}`);
    }
    this.requireFileName(fileName);
  }

  /** The same for the commands that carry no group. */
  requireFileName(fileName: string): void {
    if (this.faults.isMissing(fileName)) {
      throw new RefusedRequest(errno.ENOENT, `${fileName} is missing on purpose`);
    }
  }
}

function addressIn(source: FileSource): string {
  return 'host' in source ? source.host : '';
}
