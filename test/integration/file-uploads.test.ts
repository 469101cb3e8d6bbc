import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { isOnPath } from '../support/programs.ts';

const run = promisify(execFile);
const large = randomBytes(6 * 2 ** 20);
const small = randomBytes(1000);

/** What a program prints. */
async function output(program: string, ...words: string[]): Promise<string> {
  return (await run(program, words, { cwd: directory, timeout: 60_000 })).stdout;
}

const hasCurl = isOnPath('curl');
const hasFdfsTools = isOnPath('fdfs_download_file');

let directory: string;
let gateway: GatewayProcess;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'file-uploads-'));
  writeFileSync(join(directory, 'large.bin'), large);
  writeFileSync(join(directory, 'small.jpg'), small);
  gateway = await GatewayProcess.start({
    env: {
      GATEWAY_FILES_LISTEN: '127.0.0.1:0',
      GATEWAY_WORKERS: '2',
      GATEWAY_SEGMENT_SIZE: '1MiB',
      GATEWAY_SPOOL_SIZE: '32MiB',
    },
  });
});

afterAll(async () => {
  await gateway?.dispose();
  rmSync(directory, { recursive: true, force: true });
});

const credentials = () => ['-u', `${gateway.accessKeyId}:${gateway.secretAccessKey}`];
const upload = (...words: string[]) =>
  output('curl', '-sS', ...credentials(), ...words, `${gateway.filesUrl}/upload?output=text`);

/** A form whose file has that many bytes of the same value, sent bit by bit, and what is answered. */
async function trickle(size: number): Promise<{ readonly sent: Promise<string>; cut(): void }> {
  const { port } = new URL(gateway.filesUrl);
  const socket = connect(Number(port), '127.0.0.1');
  const auth = Buffer.from(`${gateway.accessKeyId}:${gateway.secretAccessKey}`).toString('base64');
  socket.write(
    `POST /upload HTTP/1.1\r\nHost: h\r\nAuthorization: Basic ${auth}\r\n` +
      'Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
  const chunk = (bytes: Buffer) => {
    socket.write(`${bytes.length.toString(16)}\r\n`);
    socket.write(bytes);
    socket.write('\r\n');
  };
  chunk(Buffer.from('--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'));
  for (let left = size; left > 0; left -= 2 ** 20) chunk(Buffer.alloc(2 ** 20, 7));
  const sent = new Promise<string>((resolve) => {
    socket.once('data', (bytes) => resolve(String(bytes)));
    socket.once('close', () => resolve('closed'));
    socket.on('error', () => {});
  });
  return { sent, cut: () => socket.destroy() };
}

describe.skipIf(!hasCurl)(`uploads over the files door${hasCurl ? '' : ' (no curl)'}`, () => {
  it.each<[string, string, readonly string[]]>([
    ['small.jpg', 'jpg', []],
    ['large.bin', 'bin', []],
    ['large.bin', 'bin', ['-H', 'Transfer-Encoding: chunked']],
    ['large.bin', 'bin', ['-H', 'Expect: 100-continue']],
  ])('curl uploads %s as one file of extension %s with %o', async (name, extension, words) => {
    const fileId = await upload('-F', `fastdfs=@${name}`, ...words);
    expect(fileId).toMatch(new RegExp(`^group\\d+/M00/../../[\\w-]{27}\\d*\\.${extension}$`));
    const read = await fetch(`${gateway.filesUrl}/${fileId}`, {
      headers: { 'x-app-id': gateway.accessKeyId, 'x-app-key': gateway.secretAccessKey },
    });
    const expected = readFileSync(join(directory, name));
    expect(Buffer.from(await read.arrayBuffer()).equals(expected)).toBe(true);

    const client = new S3Client({
      endpoint: gateway.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: {
        accessKeyId: gateway.accessKeyId,
        secretAccessKey: gateway.secretAccessKey,
      },
    });
    const listed = await client.send(new ListObjectsV2Command({ Bucket: 'files' }));
    expect(listed.Contents?.map(({ Key }) => Key)).toContain(fileId);
    const { Body } = await client.send(new GetObjectCommand({ Bucket: 'files', Key: fileId }));
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    expect(bytes.equals(expected)).toBe(true);
    client.destroy();
  });

  it.skipIf(!hasFdfsTools)(
    "FastDFS's own program downloads what was uploaded, and its slave",
    async () => {
      const fileId = await upload('-F', 'file=@large.bin');
      const slaveId = await upload(
        '-F',
        'file=@small.jpg',
        '-F',
        `master=${fileId}`,
        '-F',
        'prefix=_s',
      );
      expect(slaveId).toBe(fileId.replace('.bin', '_s.jpg'));
      const config = join(directory, 'client.conf');
      writeFileSync(config, `base_path = ${directory}\n${trackerLines()}\n`);
      for (const [id, bytes] of [
        [fileId, large],
        [slaveId, small],
      ] as const) {
        await output('fdfs_download_file', config, id, 'got');
        expect(readFileSync(join(directory, 'got')).equals(bytes)).toBe(true);
      }
    },
  );

  it('hold no more than the spool may, and free it', async () => {
    // Half of the spool is each worker's.
    const tooMuch = await trickle(20 * 2 ** 20);
    expect(await tooMuch.sent).toMatch(/^HTTP\/1\.1 502 /);
    const told = () => gateway.log.some(({ msg }) => msg?.includes('GATEWAY_SPOOL_SIZE'));
    await expect.poll(told, { timeout: 10_000 }).toBe(true);
    for (let tries = 0; tries < 4; tries += 1) {
      const cut = await trickle(12 * 2 ** 20);
      await setTimeout(200);
      cut.cut();
    }
    const again = () => upload('-F', 'file=@large.bin');
    await expect.poll(again, { timeout: 10_000 }).toMatch(/^group/);
  });

  it('leave nothing behind when the gateway is killed', async () => {
    const { sent } = await trickle(12 * 2 ** 20);
    const spool = join(gateway.dataDir, 'spool');
    await expect.poll(() => readdirSync(gateway.dataDir), { timeout: 10_000 }).toContain('spool');
    await setTimeout(300);
    await gateway.end('SIGKILL');
    await sent;
    expect(readdirSync(spool)).toEqual([]);
    gateway = await gateway.startAgain();
    const fileId = await upload('-F', 'file=@small.jpg');
    expect(fileId).toMatch(/^group/);
  });
});

/** The trackers of the gateway, as the configuration of FastDFS's programs names them. */
function trackerLines(): string {
  const given = process.env.FASTDFS_TRACKERS?.split(',');
  if (given) return given.map((tracker) => `tracker_server = ${tracker}`).join('\n');
  const { tracker } = JSON.parse(readFileSync(join(gateway.dataDir, 'embedded-node.json'), 'utf8'));
  return `tracker_server = ${tracker.host}:${tracker.port}`;
}
