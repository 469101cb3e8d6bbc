import { putObject } from '../../src/core/put-object.ts';
import type { TestCore } from './core-services.ts';
import { incomingContent } from './incoming-content.ts';

/** Puts an object of one file into the bucket of the test's core; gives the file's ID. */
export async function putText(core: TestCore, key: string, text: string): Promise<string> {
  const { fileId } = await putObject(core, {
    ...{ bucket: core.bucket, key, caller: core.alice },
    description: { headers: {}, userMetadata: {} },
    content: incomingContent(text),
    signal: new AbortController().signal,
  });
  if (fileId === null) throw new Error(`${key} is not one whole file`);
  return fileId;
}
