import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const DATA_FILE = /^[0-9A-F]{2}\/[0-9A-F]{2}\/[A-Za-z0-9_-]{27}[A-Za-z0-9._-]*$/;

/**
 * Names `M00/…` of the files below a store path, metadata files left out. Empty when there is no
 * such directory.
 */
export async function listStoredFiles(storePath: string): Promise<string[]> {
  const dataPath = join(storePath, 'data');
  let paths: string[];
  try {
    paths = await readdir(dataPath, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return paths
    .filter((path) => DATA_FILE.test(path) && !path.endsWith('-m'))
    .map((path) => `M00/${path}`)
    .sort();
}
