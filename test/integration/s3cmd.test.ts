import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithProgram, runOk } from '../support/command-line.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { deleteAllBuckets, newBucketName, s3ClientOf } from '../support/s3-client.ts';

const MIB = 2 ** 20;

describeWithProgram('s3cmd', () => {
  const bucket = newBucketName('s3cmd');
  let gateway: GatewayProcess;
  let home: string;

  const s3cmd = (...commandLine: string[]) =>
    runOk('s3cmd', ['-c', join(home, 's3cfg'), ...commandLine], {
      env: { HOME: home, LC_ALL: 'C.UTF-8' },
    });

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ env: { GATEWAY_SIGNATURE_V2: 'on' } });
    home = await mkdtemp(join(tmpdir(), 's3cmd-'));
    const { host } = new URL(gateway.endpoint);
    const lines = [
      '[default]',
      `access_key = ${gateway.accessKeyId}`,
      `secret_key = ${gateway.secretAccessKey}`,
      `host_base = ${host}`,
      `host_bucket = ${host}`,
      'bucket_location = us-east-1',
      'use_https = False',
      'multipart_chunk_size_mb = 5',
      'progress_meter = False',
    ];
    await writeFile(join(home, 's3cfg'), lines.join('\n'));
    await s3cmd('mb', `s3://${bucket}`);
  });

  afterAll(async () => {
    await deleteAllBuckets(s3ClientOf(gateway));
    await gateway.dispose();
    await rm(home, { recursive: true });
  });

  it.each([
    ['a small file', 1000],
    ['a file in parts', 12 * MIB],
  ])('put and get %s', async (_, size) => {
    const content = randomBytes(size);
    await writeFile(join(home, 'up'), content);
    await s3cmd('put', join(home, 'up'), `s3://${bucket}/files/照片 ${size}+.bin`);
    await s3cmd('get', '--force', `s3://${bucket}/files/照片 ${size}+.bin`, join(home, 'down'));
    expect((await readFile(join(home, 'down'))).equals(content)).toBe(true);
  });

  it('signs with version 2: put and get, in parts, listings and links', async () => {
    const content = randomBytes(6 * MIB);
    const target = `s3://${bucket}/v2/a b+ü.bin`;
    await writeFile(join(home, 'up'), content);
    await s3cmd('--signature-v2', 'put', join(home, 'up'), target);
    await s3cmd('--signature-v2', 'get', '--force', target, join(home, 'down'));
    expect((await readFile(join(home, 'down'))).equals(content)).toBe(true);
    expect(await s3cmd('--signature-v2', 'ls', `s3://${bucket}/v2/`)).toContain(target);
    const link = await s3cmd('--signature-v2', 'signurl', target, '+60');
    expect((await fetch(link.trim())).headers.get('content-length')).toBe(String(content.length));
    await s3cmd('--signature-v2', 'del', target);
    expect(await s3cmd('--signature-v2', 'ls', target)).toBe('');
  });

  it('ls, info, cp, mv and del', async () => {
    await writeFile(join(home, 'x'), 'x');
    await s3cmd('put', '--mime-type=text/x-test', join(home, 'x'), `s3://${bucket}/x`);
    expect(await s3cmd('info', `s3://${bucket}/x`)).toMatch(/MIME type:\s+text\/x-test/);
    await s3cmd('cp', `s3://${bucket}/x`, `s3://${bucket}/y`);
    await s3cmd('mv', `s3://${bucket}/y`, `s3://${bucket}/z`);
    const keys = (await s3cmd('ls', `s3://${bucket}`)).match(/s3:\/\/\S+$/gm);
    expect(keys).toContain(`s3://${bucket}/z`);
    expect(keys).not.toContain(`s3://${bucket}/y`);
    await s3cmd('del', `s3://${bucket}/z`);
    expect(await s3cmd('ls', `s3://${bucket}/z`)).toBe('');
  });

  it('du counts objects and bytes', async () => {
    await writeFile(join(home, 'x'), 'shared');
    await s3cmd('put', join(home, 'x'), `s3://${bucket}/shared`);
    const du = await s3cmd('du', `s3://${bucket}/shared`);
    expect(du).toMatch(/^\s*6\s+1 objects/);
  });

  it('del --recursive and rb leave nothing', async () => {
    const other = newBucketName('s3cmdrb');
    await writeFile(join(home, 'x'), 'x');
    await s3cmd('mb', `s3://${other}`);
    await s3cmd('put', join(home, 'x'), `s3://${other}/a/b`);
    await s3cmd('put', join(home, 'x'), `s3://${other}/c`);
    await s3cmd('del', '--recursive', '--force', `s3://${other}`);
    await s3cmd('rb', `s3://${other}`);
    expect(await s3cmd('ls')).not.toContain(other);
  });
});
