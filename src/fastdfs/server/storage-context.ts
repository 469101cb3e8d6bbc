import type { FileIdParts } from '../protocol/file-id.ts';
import { AppenderFiles } from './appender-files.ts';
import type { StorageFaults } from './faults.ts';
import { FileNaming } from './file-naming.ts';
import { FileStore } from './file-store.ts';
import { MetadataFiles } from './metadata-files.ts';
import { errno, RefusedRequest } from './refused-request.ts';
import type { ResolvedSettings } from './settings.ts';
import { Statistics } from './statistics.ts';

/** All that the storage commands work on. */
export class StorageContext {
  readonly groupName: string;
  readonly faults: StorageFaults;
  readonly store: FileStore;
  readonly naming: FileNaming;
  readonly metadata: MetadataFiles;
  readonly appenders: AppenderFiles;
  readonly statistics = new Statistics();

  constructor(settings: ResolvedSettings, faults: StorageFaults) {
    this.groupName = settings.groupName;
    this.faults = faults;
    this.store = new FileStore(settings, faults);
    this.naming = new FileNaming(this.store, settings.advertisedHost, faults);
    this.metadata = new MetadataFiles(this.store);
    this.appenders = new AppenderFiles(this.store, this.naming);
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
