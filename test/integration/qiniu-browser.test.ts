import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { CreateBucketCommand, GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Chromium, chromiumProgram } from '../support/chromium.ts';
import { describeWithProgram } from '../support/command-line.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { patternBytes, qiniuGateway, sdkOf } from '../support/qiniu-sdk.ts';
import { deleteAllBuckets, newBucketName, s3ClientOf } from '../support/s3-client.ts';

const require = createRequire(import.meta.url);

const fileSize = 50 * 2 ** 20;
const partSize = 4 * 2 ** 20;

/** Runs in the page: uploads a file that is the same each time, and notes what happens. */
const startUpload = (token: string, uphost: string, key: string, size: number) => {
  // biome-ignore lint/suspicious/noExplicitAny: a page's globals, which Node's types do not know
  const page = globalThis as any;
  page.told = { percent: 0, partCount: 0, result: null, error: null };
  const { open } = page.XMLHttpRequest.prototype;
  page.XMLHttpRequest.prototype.open = function (...given: unknown[]) {
    if (given[0] === 'PUT') page.told.partCount += 1;
    return open.apply(this, given);
  };
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 1) bytes[at] = at % 251;
  const file = new File([bytes], 'fifty.bin', { type: 'application/x-fifty' });
  const config = { uphost, upprotocol: 'http', disableStatisticsReport: true };
  const extra = { fname: 'fifty.bin', customVars: { 'x:user': 'u1' } };
  page.subscription = page.qiniu.upload(file, key, token, extra, config).subscribe({
    next: ({ total }: { total: { percent: number } }) => {
      page.told.percent = total.percent;
    },
    error: (error: { message: string }) => {
      page.told.error = `${error.message} ${JSON.stringify(error)}`;
    },
    complete: (result: unknown) => {
      page.told.result = result;
    },
  });
};

interface Told {
  readonly percent: number;
  readonly partCount: number;
  readonly result: unknown;
  readonly error: string | null;
}

describeWithProgram(chromiumProgram, () => {
  const Bucket = newBucketName('kodo-js');
  let gateway: GatewayProcess;
  let s3: S3Client;
  let pages: Server;
  let origin: string;
  let chromium: Chromium;

  beforeAll(async () => {
    gateway = await GatewayProcess.start(qiniuGateway);
    s3 = s3ClientOf(gateway);
    await s3.send(new CreateBucketCommand({ Bucket }));
    const script = readFileSync(require.resolve('qiniu-js/dist/qiniu.min.js'));
    pages = createServer((request, response) => {
      const isScript = request.url === '/qiniu.min.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(
        isScript
          ? script
          : '<!doctype html><title>shop</title><script src="/qiniu.min.js"></script>',
      );
    });
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    chromium = await Chromium.start();
  });

  afterAll(async () => {
    await chromium.close();
    pages.close();
    pages.closeAllConnections();
    await deleteAllBuckets(s3);
    await gateway.dispose();
  });

  const start = async (key: string, size: number) => {
    const token = sdkOf(gateway).token({
      scope: Bucket,
      returnBody: '{"key":$(key),"hash":$(etag),"size":$(fsize),"user":$(x:user)}',
    });
    const given = [token, new URL(gateway.qiniuUrl).host, key, size];
    const text = given.map((item) => JSON.stringify(item)).join();
    await chromium.evaluate(`(${startUpload})(${text})`);
  };
  const told = () => chromium.evaluate<Told>('globalThis.told');
  const finished = async () => {
    await chromium.waitFor('told.result !== null || told.error !== null');
    return await told();
  };

  async function expectStored(Key: string, size: number): Promise<void> {
    const object = await s3.send(new GetObjectCommand({ Bucket, Key }));
    const bytes = Buffer.from((await object.Body?.transformToByteArray()) ?? []);
    expect(bytes.equals(patternBytes(size))).toBe(true);
  }

  it('a small file is one form, from a page of another origin', async () => {
    await chromium.open(`${origin}/small`);
    await start('small.bin', 100_000);
    const { result, error, partCount } = await finished();
    expect(error).toBeNull();
    expect(result).toMatchObject({ key: 'small.bin', size: 100_000, user: 'u1' });
    expect(partCount).toBe(0);
    await expectStored('small.bin', 100_000);
  });

  it('50 MiB go on where they were when the page was reloaded', async () => {
    await chromium.open(`${origin}/large`);
    await start('large.bin', fileSize);
    await chromium.waitFor('told.percent > 30 || told.error !== null');
    const before = await told();
    expect(before).toMatchObject({ error: null, result: null });
    // Another address is another page, which lost all but what the browser keeps for the origin.
    await chromium.open(`${origin}/large?reloaded`);
    await start('large.bin', fileSize);
    const { result, error, partCount } = await finished();
    expect(error).toBeNull();
    expect(result).toMatchObject({ key: 'large.bin', size: fileSize, user: 'u1' });
    expect(partCount).toBeGreaterThan(0);
    expect(partCount).toBeLessThan(Math.ceil(fileSize / partSize));
    await expectStored('large.bin', fileSize);
  });
});
