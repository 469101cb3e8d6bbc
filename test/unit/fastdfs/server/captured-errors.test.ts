import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestNode, type TestNode } from '../../../support/embedded-node.ts';
import { readFixture, type WireVector } from '../../../support/wire-vectors.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode();
});
afterAll(() => node.remove());

/** Where this server is stricter than FastDFS, or has nothing to be wrong about. */
const different = new Set([
  // Names without 27 base64 characters are refused, not looked up.
  'download-dotdot',
  'download-short-name',
  // About files and servers that are not here: tested elsewhere.
  'append-to-normal-file',
  'modify-normal-file',
  'truncate-normal-file',
  'regenerate-normal-file',
  'delete-storage-active',
  // Sent in more than one piece, or needs a file that goes in the meantime: tested elsewhere.
  'append-missing-large-body',
  'download-raced-by-delete',
  // Storage servers join no other tracker: their commands are unknown.
  'heart-beat-without-join',
]);

/** Exchanges of a cluster that had the group, and others that need storage servers to be down. */
function isComparable({ name, request, response }: WireVector): boolean {
  if (different.has(name) || name.startsWith('down-') || request.truncated) return false;
  return response === null || response.status !== 0;
}

describe.each(['storage', 'tracker'] as const)('what a FastDFS %s refuses', (server) => {
  const { vectors } = readFixture<{ vectors: WireVector[] }>(`${server}-errors`);
  const cases = vectors.filter(isComparable).map((vector) => [vector.name, vector] as const);

  it.each(cases)('%s', async (_name, { request, response, connectionAfter }) => {
    const connection = await (server === 'storage'
      ? node.connectToStorage()
      : node.connectToTracker());
    connection.send(Buffer.from(request.hex, 'hex'));
    const answer = await connection.receive();
    expect(answer?.status ?? null).toBe(response?.status ?? null);
    expect(answer?.bodyLength ?? null).toBe(response?.bodyLength ?? null);
    if (connectionAfter === 'closed') {
      await connection.closedByServer();
    } else {
      const activeTest = await connection.requestRaw(111, Buffer.alloc(0));
      expect(activeTest?.status).toBe(0);
      connection.vanish();
    }
  });
});
