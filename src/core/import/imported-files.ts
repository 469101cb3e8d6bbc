import { BucketSetting } from '../bucket-settings.ts';

export type ImportedFilesPolicy = 'keep' | 'delete';

/**
 * What becomes of a file that was imported when its last key goes: it stays where it is, as the
 * bucket's owner never gave it to the gateway, unless the bucket says `delete`. The index asks for
 * it in the transaction that drops the key, so that its name and values are known there as well.
 */
export const importedFiles = new BucketSetting<ImportedFilesPolicy>('importedFiles', {
  parse: (text) => (text === 'delete' ? 'delete' : 'keep'),
  render: (policy) => policy,
});
