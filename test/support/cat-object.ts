import { createTestCore, type TestCore } from './core-services.ts';
import { type ReceivedResponse, send } from './s3-operations.ts';

/** The object `photos/cat.jpg`, whose content is `cat`. */
export const cat = {
  etag: '"d077f244def8a70e5ea758bd8352fcd8"',
  lastModified: 'Mon, 01 Jan 2024 00:00:00 GMT',
} as const;

/** Core with that object, and the answer to its PUT. */
export async function withCat(
  headers: Record<string, string> = {},
): Promise<{ core: TestCore; response: ReceivedResponse }> {
  const core = await createTestCore();
  const response = await send(core, 'PUT /photos/cat.jpg', { headers, body: 'cat' });
  return { core, response };
}
