import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { bodyOf, type RecordedRequest, readCapture } from '../../../support/qiniu-captures.ts';
import {
  type QiniuAnswer,
  type QiniuServer,
  startQiniuServer,
} from '../../../support/qiniu-server.ts';

const bucketName = 'demo-bucket';
const nineMiBHash = 'lv4Ew6JqZ47UmtoHTb4ntxxH-h5H';
const smallHash = 'FjeKp4tuHkncdkJw0P6LcogWDgrh';

let core: TestCore;
let server: QiniuServer;
beforeEach(async () => {
  core = await createTestCore({ replayBufferSizeBytes: 64 * 1024 });
  // Before the deadline of the recorded tokens.
  core.clock.nowMs = 1_700_000_000_000;
  await core.index.createBucket({
    name: bucketName,
    ownerId: core.alice.userId,
    locationConstraint: null,
    createdAtMs: 0,
  });
  server = await startQiniuServer(core);
});
afterEach(async () => {
  await server.close();
  await core.index.close();
});

/** Sends the requests as they were recorded, with what this server answered in the right places. */
async function replay(
  requests: readonly RecordedRequest[],
  change: (text: string) => string = (text) => text,
): Promise<QiniuAnswer[]> {
  const replaced = new Map<string, string>();
  const replace = (text: string) => {
    let result = change(text);
    for (const [recorded, value] of replaced) result = result.replaceAll(recorded, value);
    return result;
  };
  const answers: QiniuAnswer[] = [];
  for (const request of requests) {
    const { method, url, headers, response } = request;
    const kept = headers.filter(([name]) => !/^(content-length|host|connection)$/i.test(name));
    const answer = await server.send({
      method,
      path: replace(url),
      headers: kept.map(([name, value]) => [name, replace(value)] as const),
      body: bodyOf(request, replace),
    });
    answers.push(answer);
    for (const name of ['ctx', 'uploadId']) {
      const recorded = response?.json?.[name];
      const value = (answer.json as Record<string, unknown> | undefined)?.[name];
      if (typeof recorded === 'string' && typeof value === 'string') replaced.set(recorded, value);
    }
  }
  return answers;
}

const captures: readonly (readonly [string, { readonly hash: string; readonly key: string }])[] = [
  ['form-putFile', { hash: smallHash, key: 'dir/hello.txt' }],
  ['form-put-utf8key', { hash: expect.any(String) as never, key: '图片/七 牛.jpg' }],
  ['form-put-withoutKey', { hash: expect.any(String) as never, key: expect.any(String) as never }],
  ['form-putStream', { hash: expect.any(String) as never, key: expect.any(String) as never }],
  ['py-form-put', { hash: smallHash, key: 'dir/hello.txt' }],
  ['java-form-put', { hash: smallHash, key: 'dir/hello.txt' }],
  ['js-direct', { hash: expect.any(String) as never, key: expect.any(String) as never }],
  ['resume-v1', { hash: nineMiBHash, key: 'dir/nine.bin' }],
  ['resume-v1-withoutKey', { hash: 'lkey', key: 'lkey' }],
  ['py-resume-v1', { hash: nineMiBHash, key: 'dir/nine.bin' }],
  ['java-resume-v1', { hash: nineMiBHash, key: 'dir/nine.bin' }],
  ['resume-v2', { hash: nineMiBHash, key: 'dir/nine.bin' }],
  ['resume-v2-withoutKey', { hash: 'lkey', key: 'lkey' }],
  ['resume-v2-empty', { hash: 'Fto5o-5ea0sNMlW_75VgGJCv2AcJ', key: 'empty' }],
  ['py-resume-v2', { hash: nineMiBHash, key: 'dir/nine.bin' }],
  ['java-resume-v2', { hash: nineMiBHash, key: 'dir/nine.bin' }],
  ['java-resume-v2-withoutKey', { hash: nineMiBHash, key: nineMiBHash }],
  ['js-resume', { hash: nineMiBHash, key: 'dir/nine.bin' }],
];

describe.each(captures)('%s', (name, { hash, key }) => {
  it('is answered as the SDK wants it', async () => {
    const requests = readCapture(name);
    const answers = await replay(requests);
    for (const [at, answer] of answers.entries()) {
      const isPreflight = requests[at]?.method === 'OPTIONS';
      expect({ at, status: answer.status }).toEqual({ at, status: isPreflight ? 204 : 200 });
      expect(answer.headers['x-reqid']).toMatch(/^.+$/);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
      if (!isPreflight) expect(answer.headers['content-type']).toBe('application/json');
    }
    const made = answers.at(-1)?.json as unknown as { hash: string; key: string };
    // Without a key, it is the hash, which has 28 characters whatever its form.
    if (hash === 'lkey') expect(made).toEqual({ hash: made.key, key: made.hash });
    else expect(made).toEqual({ hash, key });
    const bucket = await core.index.findBucket(bucketName);
    const object = await core.index.findObject(bucket?.id ?? 0, made.key);
    expect(object).toMatchObject({ qetag: made.hash, size: expect.any(Number) });
    expect(core.spool.usedBytes).toBe(0);
    expect(await core.queued()).toEqual([]);
  });

  it('is refused when one character of its signature is another one', async () => {
    const changed = (text: string) => text.replaceAll('JgYXbLy16', 'JgYXbLy17');
    const [answer] = await replay(
      readCapture(name)
        .filter(({ method }) => method !== 'OPTIONS')
        .slice(0, 1),
      changed,
    );
    expect(answer).toMatchObject({ status: 401, json: { error: 'bad token' } });
    expect(core.blobs.files.size).toBe(0);
    expect(core.spool.usedBytes).toBe(0);
  });
});

it('keeps what the SDKs say of the object', async () => {
  for (const name of ['resume-v1', 'resume-v2', 'java-resume-v2']) {
    await replay(readCapture(name));
    const bucket = await core.index.findBucket(bucketName);
    const object = await core.index.findObject(bucket?.id ?? 0, 'dir/nine.bin');
    expect(object).toMatchObject({
      userMetadata: { color: 'red' },
      size: 9 * 1024 ** 2,
      partCount: 3,
    });
    expect(object?.etag).toMatch(/^[0-9a-f]{32}-3$/);
    await core.index.deleteObjects(bucket?.id ?? 0, ['dir/nine.bin']);
  }
});

it('refuses recorded tokens once they are over', async () => {
  core.clock.nowMs = 1_700_003_601_000;
  for (const name of ['form-putFile', 'resume-v1', 'resume-v2']) {
    const [answer] = await replay(readCapture(name).slice(0, 1));
    expect(answer).toMatchObject({ status: 401, json: { error: 'expired token' } });
  }
});
