import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { makeDirectories } from '../../support/make-directories.ts';
import { isFileName } from '../protocol/file-id.ts';
import { DirectorySync } from './directory-sync.ts';
import type { StorageFaults } from './faults.ts';
import { moveWithoutOverwriting } from './file-moves.ts';
import { KeyLock } from './key-lock.ts';
import { errno, fastdfsStatusOf, RefusedRequest, systemError } from './refused-request.ts';
import type { ResolvedSettings } from './settings.ts';
import { SpaceMonitor } from './space.ts';
import { StagedFile } from './staged-file.ts';
import { requireDirectory, StoreDirectories } from './store-directories.ts';

/** Below the data directory, so that a rename never crosses file systems. */
const STAGING_DIRECTORY = '.uploading';
/** An open file of the store; whoever opened it closes it. */
export interface OpenFile {
  readonly fd: number;
  readonly size: number;
  /** Seconds since 1970. */
  readonly modifiedAt: number;
}

/**
 * Files in FastDFS's directory layout, below `<storePath>/data`. Names are given without group.
 * All failures are `RefusedRequest`s or errors of the system, both of which have a FastDFS status.
 */
export class FileStore {
  readonly dataPath: string;
  readonly durable: boolean;
  readonly space: SpaceMonitor;
  readonly directories: StoreDirectories;
  /** Serialises what changes one file; keys are paths. */
  readonly locks = new KeyLock();
  readonly #directorySync: DirectorySync | null;
  readonly #stagingPath: string;
  readonly #faults: StorageFaults;
  #stagedCount = 0;

  /** Makes the directories, and removes what uploads left that a crash has cut off. */
  constructor(settings: ResolvedSettings, faults: StorageFaults) {
    this.dataPath = resolve(settings.storePath, 'data');
    this.durable = settings.durability === 'fsync';
    this.#faults = faults;
    this.#stagingPath = join(this.dataPath, STAGING_DIRECTORY);
    if (this.durable) makeDirectories(this.#stagingPath);
    else mkdirSync(this.#stagingPath, { recursive: true });
    requireDirectory(this.#stagingPath);
    for (const name of readdirSync(this.#stagingPath)) {
      rmSync(join(this.#stagingPath, name), { recursive: true, force: true });
    }
    this.#directorySync = this.durable ? new DirectorySync() : null;
    this.directories = new StoreDirectories({
      dataPath: this.dataPath,
      subdirCountPerPath: settings.subdirCountPerPath,
      filesPerDirectory: settings.filesPerDirectory,
      directorySync: this.#directorySync,
    });
    this.space = new SpaceMonitor(this.dataPath, settings.reservedBytes, faults);
  }

  /** Starts a file that nobody sees until it is published. */
  stage(): StagedFile {
    this.#stagedCount += 1;
    const path = join(this.#stagingPath, String(this.#stagedCount));
    const beforeWrite = (byteCount: number) => this.beforeWrite(byteCount);
    try {
      return new StagedFile(path, beforeWrite);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // Status 2 would tell the client that a file is missing, not that someone tidied up here.
      mkdirSync(this.#stagingPath, { recursive: true });
      return new StagedFile(path, beforeWrite);
    }
  }

  /** To be called before `byteCount` bytes are written: a test may want the disk to be full. */
  beforeWrite(byteCount: number): void {
    const left = this.#faults.diskBytesLeft;
    if (left === null) return;
    if (byteCount > left) throw systemError('ENOSPC', 'the disk is full on purpose');
    this.#faults.diskBytesLeft = left - byteCount;
  }

  /**
   * Gives the staged file its name. False when a file of that name exists, which is never
   * overwritten. Bytes and name are durable when it resolves; when it throws there is no file.
   */
  async publish(staged: StagedFile, fileName: string): Promise<boolean> {
    await staged.close(this.durable);
    const path = this.#pathOf(fileName);
    if (!this.#link(staged.path, path, fileName)) return false;
    try {
      await this.syncNames(fileName);
    } catch (error) {
      unlinkSync(path);
      throw error;
    }
    return true;
  }

  /** Renames a file within its directory; false when the new name exists. */
  async rename(oldName: string, newName: string): Promise<boolean> {
    const renamed = this.#link(this.locate(oldName), this.#pathOf(newName), newName);
    if (renamed) await this.syncNames(newName);
    return renamed;
  }

  /** Makes the staged file the metadata of the file, in place of what stood there before. */
  async publishMetadata(staged: StagedFile, fileName: string): Promise<void> {
    await staged.close(this.durable);
    renameSync(staged.path, `${this.locate(fileName)}-m`);
    await this.syncNames(fileName);
  }

  async deleteMetadata(fileName: string): Promise<void> {
    rmSync(`${this.locate(fileName)}-m`, { force: true });
    await this.syncNames(fileName);
  }

  /** Path of a file that a client named. Throws 22 for names that lead out of the store. */
  locate(fileName: string): string {
    const path = this.#pathOf(fileName);
    for (const directory of [
      path.slice(0, this.dataPath.length + 3),
      this.#directoryOf(fileName),
    ]) {
      requireDirectory(directory);
    }
    return path;
  }

  /** Throws 2 when it does not exist, 21 for a directory, 22 for anything but a plain file. */
  open(fileName: string, mode: 'read' | 'write', suffix: '' | '-m' = ''): OpenFile {
    const access = mode === 'read' ? constants.O_RDONLY : constants.O_RDWR;
    // Without O_NONBLOCK a named pipe would block the whole node.
    const flags = access | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const fd = openSync(this.locate(fileName) + suffix, flags);
    try {
      const stats = fstatSync(fd);
      if (stats.isDirectory()) throw new RefusedRequest(errno.EISDIR, `${fileName} is a directory`);
      if (!stats.isFile()) throw new RefusedRequest(errno.EINVAL, `${fileName} is not a file`);
      return { fd, size: stats.size, modifiedAt: Math.floor(stats.mtimeMs / 1000) };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  exists(fileName: string): boolean {
    try {
      return lstatSync(this.locate(fileName)).isFile();
    } catch (error) {
      if (fastdfsStatusOf(error) === errno.ENOENT) return false;
      throw error;
    }
  }

  /** Removes the file and its metadata. Throws 2 when it does not exist. */
  async delete(fileName: string): Promise<void> {
    await this.locks.run(this.locate(fileName), () => this.#delete(fileName));
  }

  async #delete(fileName: string): Promise<void> {
    const path = this.locate(fileName);
    try {
      if (lstatSync(path).isSymbolicLink()) {
        throw new RefusedRequest(errno.EINVAL, `${fileName} is not a file`);
      }
      unlinkSync(path);
    } finally {
      // Also when the file is gone: an earlier delete may have been cut off between the two.
      rmSync(`${path}-m`, { force: true });
    }
    await this.syncNames(fileName);
  }

  /** Removes a published file that nobody was told of. */
  async retract(fileName: string): Promise<void> {
    rmSync(this.#pathOf(fileName), { force: true });
    await this.syncNames(fileName);
  }

  /** Resolves when the names in the file's directory are durable. */
  async syncNames(fileName: string): Promise<void> {
    if (this.#directorySync === null) return;
    const directory = this.#directoryOf(fileName);
    await Promise.all([this.#directorySync.sync(directory), this.directories.synced(directory)]);
  }

  /** False when `to` exists. On success `from` is gone. */
  #link(from: string, to: string, fileName: string): boolean {
    const subPath = fileName.slice(4, 9);
    this.directories.ensure(subPath);
    try {
      try {
        moveWithoutOverwriting(from, to);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        this.directories.forget(this.#directoryOf(fileName));
        this.directories.ensure(subPath);
        moveWithoutOverwriting(from, to);
      }
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  #directoryOf(fileName: string): string {
    return join(this.dataPath, fileName.slice(4, 9));
  }

  #pathOf(fileName: string): string {
    if (!isFileName(fileName) || !fileName.startsWith('M00/')) {
      throw new RefusedRequest(errno.EINVAL, 'not a file name of this store');
    }
    return join(this.dataPath, fileName.slice(4));
  }
}
