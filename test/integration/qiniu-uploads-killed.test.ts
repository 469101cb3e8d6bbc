import { createHash, createHmac, randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { encodeUrlSafe } from '../../src/qiniu/encodings.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { qiniuGateway } from '../support/qiniu-sdk.ts';
import { s3ClientOf } from '../support/s3-client.ts';

const Bucket = 'killed-uploads';
const blockSize = 4 * 1024 ** 2;
const clients = 4;

/** What was sent under each key, by its MD5, and what was acknowledged. */
const sent = new Map<string, string>();
const acknowledged = new Map<string, string>();

class Client {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #token: string;

  constructor(gateway: GatewayProcess) {
    const policy = JSON.stringify({
      scope: Bucket,
      deadline: Math.floor(Date.now() / 1000) + 3600,
    });
    const encoded = encodeUrlSafe(policy);
    const sign = createHmac('sha1', gateway.secretAccessKey).update(encoded).digest();
    this.#token = `${gateway.accessKeyId}:${encodeUrlSafe(sign)}:${encoded}`;
    this.#headers = { authorization: `UpToken ${this.#token}` };
    this.#url = gateway.qiniuUrl;
  }

  async form(key: string, content: Buffer): Promise<void> {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(content)]), 'f');
    form.append('key', key);
    form.append('token', this.#token);
    const response = await fetch(this.#url, { method: 'POST', body: form });
    if (response.status !== 200) throw new Error(await response.text());
  }

  async blocks(key: string, content: Buffer): Promise<void> {
    const contexts: string[] = [];
    for (let start = 0; start < content.length; start += blockSize) {
      const block = content.subarray(start, start + blockSize);
      const half = Math.ceil(block.length / 2);
      const first = await this.#json('POST', `mkblk/${block.length}`, block.subarray(0, half));
      const path = `bput/${first.ctx}/${half}`;
      contexts.push((await this.#json('POST', path, block.subarray(half))).ctx ?? '');
    }
    const path = `mkfile/${content.length}/key/${encodeUrlSafe(key)}`;
    await this.#json('POST', path, Buffer.from(contexts.join(',')));
  }

  async parts(key: string, content: Buffer): Promise<void> {
    const uploads = `buckets/${Bucket}/objects/${encodeUrlSafe(key)}/uploads`;
    const { uploadId } = await this.#json('POST', uploads, Buffer.alloc(0));
    const { etag } = await this.#json('PUT', `${uploads}/${uploadId}/1`, content);
    const document = JSON.stringify({ parts: [{ partNumber: 1, etag }] });
    await this.#json('POST', `${uploads}/${uploadId}`, Buffer.from(document));
  }

  async #json(method: string, path: string, body: Buffer): Promise<Record<string, string>> {
    const init = { method, headers: this.#headers, body: new Uint8Array(body) };
    const response = await fetch(`${this.#url}/${path}`, init);
    if (response.status !== 200) throw new Error(await response.text());
    return (await response.json()) as Record<string, string>;
  }
}

/** Uploads one object after the other until the gateway is gone. */
async function uploadOn(gateway: GatewayProcess, name: string): Promise<void> {
  const client = new Client(gateway);
  for (let number = 0; ; number += 1) {
    const kind = (['form', 'blocks', 'parts'] as const)[number % 3] ?? 'form';
    const key = `${name}-${number}-${kind}`;
    const content = randomBytes(kind === 'blocks' ? blockSize + 1000 : 300_000);
    const md5 = createHash('md5').update(content).digest('hex');
    sent.set(key, md5);
    try {
      await client[kind](key, content);
    } catch {
      return;
    }
    acknowledged.set(key, md5);
  }
}

it("keeps what it acknowledged of Kodo's uploads, and nothing by halves, when it is killed", async () => {
  let gateway = await GatewayProcess.start(qiniuGateway);
  try {
    await s3ClientOf(gateway).send(new CreateBucketCommand({ Bucket }));
    for (let round = 0; round < 3; round += 1) {
      const names = Array.from({ length: clients }, (_, client) => `r${round}-c${client}`);
      const running = Promise.all(names.map((name) => uploadOn(gateway, name)));
      await setTimeout(1000 + round * 700);
      await gateway.end('SIGKILL');
      await running;
      gateway = await gateway.startAgain();
    }
    const s3 = s3ClientOf(gateway);
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    const visible = new Map<string, string>();
    for (const { Key = '' } of Contents) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      const bytes = await Body?.transformToByteArray();
      visible.set(
        Key,
        createHash('md5')
          .update(bytes ?? '')
          .digest('hex'),
      );
    }
    expect(acknowledged.size).toBeGreaterThan(clients);
    for (const [key, md5] of acknowledged) expect([key, visible.get(key)]).toEqual([key, md5]);
    for (const [key, md5] of visible) expect([key, md5]).toEqual([key, sent.get(key)]);
    const spool = join(gateway.dataDir, 'spool');
    expect(existsSync(spool) ? readdirSync(spool) : []).toEqual([]);
  } finally {
    await gateway.dispose();
  }
});
