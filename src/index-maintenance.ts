import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from './config.ts';
import { SecretBox, SecretError } from './core/secrets.ts';
import { DataDirectory, DataDirectoryError } from './data-directory.ts';
import { type CompactResult, compactIndex } from './object-index/compact-index.ts';
import { backUpIndex, type CopyIndexOptions } from './object-index/copy-index.ts';
import { IndexFileError } from './object-index/index-file.ts';
import {
  type RestoreOptions,
  type RestoreResult,
  restoreIndex,
} from './object-index/restore-index.ts';
import {
  type IndexSummary,
  listSealedSecrets,
  type SealedSecret,
} from './object-index/verify-copy.ts';
import { takeServingLocks } from './serving-locks.ts';
import { Closers } from './support/closers.ts';

/**
 * Whether the master key at hand opens the secrets of a copy: `none` when it has none, `some` when
 * it opens a part of them, `missing` when there is no key.
 */
export type MasterKeyFit = 'all' | 'some' | 'no' | 'none' | 'missing';

export interface BackupReport extends IndexSummary {
  readonly file: string;
  readonly durationMs: number;
  readonly masterKey: MasterKeyFit;
  /** Where the master key is; null when it comes from the settings. */
  readonly masterKeyPath: string | null;
}

export interface BackupOptions extends CopyIndexOptions {
  readonly replaces: boolean;
}

/**
 * Copies the index into a file, while the gateway runs or not. The index is neither opened to write
 * nor migrated. Throws `IndexFileError`.
 */
export async function backUp(
  config: Config,
  file: string,
  options: BackupOptions,
): Promise<BackupReport> {
  const startedAtMs = performance.now();
  if (!existsSync(config.indexPath)) {
    throw new IndexFileError(`There is no index at ${config.indexPath}.`);
  }
  const summary = await backUpIndex(config.indexPath, file, options);
  const durationMs = Math.round(performance.now() - startedAtMs);
  return {
    file: resolve(file),
    ...summary,
    durationMs,
    ...examineMasterKey(config, listSealedSecrets(file)),
  };
}

export interface RestoreReport extends Omit<RestoreResult, 'sealedSecrets'> {
  /** Of the restored index. */
  readonly path: string;
  readonly durationMs: number;
  readonly masterKey: MasterKeyFit;
  /** Where the master key is, or has to be put; null when it comes from the settings. */
  readonly masterKeyPath: string | null;
}

/** Puts what is in a backup in the place of the index. Throws while a gateway serves. */
export async function restore(
  config: Config,
  file: string,
  options: Omit<RestoreOptions, 'nowMs'>,
): Promise<RestoreReport> {
  const startedAtMs = performance.now();
  return await whileNobodyServes(config, async (directory) => {
    const { sealedSecrets, ...result } = await restoreIndex(file, config.indexPath, {
      ...options,
      nowMs: Date.now(),
    });
    // How far it came in the index that was there says nothing about this one.
    directory.forgetWalks();
    const durationMs = Math.round(performance.now() - startedAtMs);
    const path = config.indexPath;
    return { path, ...result, durationMs, ...examineMasterKey(config, sealedSecrets) };
  });
}

export interface CompactReport extends CompactResult {
  readonly path: string;
  readonly durationMs: number;
}

/** Writes the index anew without its unused pages. Throws while a gateway serves. */
export async function compact(config: Config): Promise<CompactReport> {
  const startedAtMs = performance.now();
  return await whileNobodyServes(config, () => {
    const result = compactIndex(config.indexPath);
    const durationMs = Math.round(performance.now() - startedAtMs);
    return { path: config.indexPath, ...result, durationMs };
  });
}

async function whileNobodyServes<T>(
  config: Config,
  work: (directory: DataDirectory) => T | Promise<T>,
): Promise<T> {
  const directory = DataDirectory.prepare(config.dataDir);
  const closers = new Closers();
  try {
    const takenPath = takeServingLocks(config, directory, closers);
    if (takenPath !== null) {
      throw new DataDirectoryError(
        `A gateway serves from ${config.dataDir} (it holds ${takenPath}). Stop it first.`,
      );
    }
    return await work(directory);
  } finally {
    await closers.closeAll();
  }
}

function examineMasterKey(
  config: Config,
  secrets: readonly SealedSecret[],
): Pick<BackupReport, 'masterKey' | 'masterKeyPath'> {
  const directory = DataDirectory.prepare(config.dataDir);
  return {
    masterKey: fitOf(config.masterKey ?? findMasterKey(directory), secrets),
    masterKeyPath: config.masterKey === null ? directory.masterKeyPath : null,
  };
}

/** A damaged one is as good as none. */
function findMasterKey(directory: DataDirectory): Buffer | null {
  try {
    return directory.findMasterKey();
  } catch {
    return null;
  }
}

function fitOf(key: Buffer | null, secrets: readonly SealedSecret[]): MasterKeyFit {
  if (key === null) return 'missing';
  if (secrets.length === 0) return 'none';
  const box = new SecretBox(key);
  const opened = secrets.filter((secret) => isOpenedBy(box, secret));
  if (opened.length === secrets.length) return 'all';
  return opened.length > 0 ? 'some' : 'no';
}

function isOpenedBy(box: SecretBox, { accessKeyId, secretEncrypted }: SealedSecret): boolean {
  try {
    box.open(secretEncrypted, accessKeyId);
    return true;
  } catch (error) {
    if (error instanceof SecretError) return false;
    throw error;
  }
}
