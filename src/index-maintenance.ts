import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from './config.ts';
import { SecretBox, SecretError } from './core/secrets.ts';
import { DataDirectory } from './data-directory.ts';
import { backUpIndex, type CopyIndexOptions } from './object-index/copy-index.ts';
import { IndexFileError } from './object-index/index-file.ts';
import {
  type IndexSummary,
  listSealedSecrets,
  type SealedSecret,
} from './object-index/verify-copy.ts';

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
  return { file: resolve(file), ...summary, durationMs, ...examineMasterKey(config, file) };
}

function examineMasterKey(
  config: Config,
  file: string,
): Pick<BackupReport, 'masterKey' | 'masterKeyPath'> {
  const directory = DataDirectory.prepare(config.dataDir);
  const key = config.masterKey ?? directory.findMasterKey();
  return {
    masterKey: fitOf(key, listSealedSecrets(file)),
    masterKeyPath: config.masterKey === null ? directory.masterKeyPath : null,
  };
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
