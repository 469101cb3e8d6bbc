import { getBucket } from '../core/access/access.ts';
import { importedFiles } from '../core/import/imported-files.ts';
import type { CommandContext, CommandOutput } from './command.ts';
import { UsageError } from './failures.ts';

/** Shows or says whether imported files of a bucket may be deleted with their last key. */
export async function bucketImportedFiles(
  { services: { core } }: CommandContext,
  name: string,
  wanted: string | undefined,
): Promise<CommandOutput> {
  if (wanted !== undefined && wanted !== 'keep' && wanted !== 'delete') {
    throw new UsageError('What becomes of imported files is keep or delete.');
  }
  const bucket = await getBucket(core, name);
  if (wanted !== undefined) {
    await importedFiles.put(core, bucket, wanted === 'delete' ? wanted : null);
  }
  const policy = wanted ?? importedFiles.of(bucket) ?? 'keep';
  const what = policy === 'keep' ? 'stay on FastDFS' : 'are deleted';
  return {
    json: { bucket: name, importedFiles: policy },
    text: `Imported files ${what} when their last key in ${name} is deleted.`,
  };
}
