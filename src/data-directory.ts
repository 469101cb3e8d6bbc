import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectories, syncDirectory } from './support/make-directories.ts';
import { replaceFile, temporaryName, writeSynced } from './support/replace-file.ts';
import type { HostPort } from './support/units.ts';
import { WalkFile } from './support/walk-file.ts';

/** A data directory that cannot be used as it is; the message says what to do. */
export class DataDirectoryError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'DataDirectoryError';
  }
}

const OWNER_ONLY_DIRECTORY = 0o700;
/** Walks of `replicas`, `fsck --data`, `import` and `mirror`. */
const walkNames = ['replica-walk', 'data-walk', 'import', 'mirror'] as const;
export type WalkName = (typeof walkNames)[number];

const MASTER_KEY_SIZE = 32;

/** What the gateway keeps beside the index. All of it is readable by its owner only. */
export class DataDirectory {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes the directory when it is missing. */
  static prepare(path: string): DataDirectory {
    try {
      makeDirectories(path, OWNER_ONLY_DIRECTORY);
    } catch (error) {
      throw new DataDirectoryError(
        `The data directory ${path} cannot be made (${(error as Error).message}); set GATEWAY_DATA_DIR to another one.`,
        { cause: error },
      );
    }
    return new DataDirectory(path);
  }

  get lockPath(): string {
    return join(this.path, 'gateway.lock');
  }

  get embeddedStorePath(): string {
    return join(this.path, 'fastdfs');
  }

  get masterKeyPath(): string {
    return join(this.path, 'master.key');
  }

  get rootCredentialsPath(): string {
    return join(this.path, 'root-credentials');
  }

  /** True when accounts other than the owner's may look into the directory. */
  isOpenToOthers(): boolean {
    return process.platform !== 'win32' && (statSync(this.path).mode & 0o077) !== 0;
  }

  /**
   * The key that seals the secrets of the index: from `master.key`, made at random when there is
   * neither that file nor an index. Throws `DataDirectoryError` when the file is damaged or gone.
   */
  loadMasterKey(indexPath: string): Buffer {
    const path = this.masterKeyPath;
    if (!existsSync(path)) {
      if (existsSync(indexPath)) {
        throw new DataDirectoryError(
          `${path} is missing, and the secrets in ${indexPath} open with it only. Restore it from a backup or set GATEWAY_MASTER_KEY.`,
        );
      }
      writeNewFile(path, `${randomBytes(MASTER_KEY_SIZE).toString('hex')}\n`);
    }
    return this.#readMasterKey();
  }

  /** Null when there is none. Throws `DataDirectoryError` when the file is damaged. */
  findMasterKey(): Buffer | null {
    return existsSync(this.masterKeyPath) ? this.#readMasterKey() : null;
  }

  #readMasterKey(): Buffer {
    const text = readFileSync(this.masterKeyPath, 'utf8').trim();
    if (!/^[0-9a-fA-F]{64}$/.test(text)) {
      throw new DataDirectoryError(
        `${this.masterKeyPath} is damaged: it must hold 64 hexadecimal digits.`,
      );
    }
    return Buffer.from(text, 'hex');
  }

  /** In the form that shells and Docker's env files read. */
  saveRootCredentials(pair: { accessKeyId: string; secretAccessKey: string }): void {
    const text = `AWS_ACCESS_KEY_ID=${pair.accessKeyId}\nAWS_SECRET_ACCESS_KEY=${pair.secretAccessKey}\n`;
    replaceFile(this.rootCredentialsPath, text);
  }

  /** Tells the command line where the embedded node listens. */
  saveEmbeddedNode(tracker: HostPort): void {
    replaceFile(this.#embeddedNodePath, `${JSON.stringify({ tracker })}\n`);
  }

  /** Where the embedded node listened last; null when there never was one. */
  findEmbeddedNode(): HostPort | null {
    if (!existsSync(this.#embeddedNodePath)) return null;
    const { tracker } = JSON.parse(readFileSync(this.#embeddedNodePath, 'utf8'));
    return { host: String(tracker.host), port: Number(tracker.port) };
  }

  /** How far a walk over all files has come that was stopped. */
  walkFile(name: WalkName): WalkFile {
    return new WalkFile(join(this.path, `${name}.json`));
  }

  /** For when there is another index: a walk must not go on in it. */
  forgetWalks(): void {
    for (const name of walkNames) this.walkFile(name).remove();
  }

  get #embeddedNodePath(): string {
    return join(this.path, 'embedded-node.json');
  }
}

/** Appears whole or not at all, and never over a file that another process made meanwhile. */
function writeNewFile(path: string, text: string): void {
  const temporary = temporaryName(path);
  writeSynced(temporary, text);
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary);
  }
  syncDirectory(dirname(path));
}
