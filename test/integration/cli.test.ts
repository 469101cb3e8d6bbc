import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CreateBucketCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandResult, run } from '../support/command-line.ts';
import { GatewayProcess, gatewayEnvironment } from '../support/gateway-process.ts';
import { deleteAllBuckets, newBucketName, s3ClientOf } from '../support/s3-client.ts';

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
});

afterAll(async () => {
  await deleteAllBuckets(s3ClientOf(gateway));
  await gateway.dispose();
});

/** Runs a command on the data of the running gateway, or with the settings given. */
function cli(commandLine: readonly string[], env?: Record<string, string>): Promise<CommandResult> {
  const settings = env ?? {
    ...gatewayEnvironment(gateway.dataDir),
    GATEWAY_S3_LISTEN: new URL(gateway.endpoint).host,
    GATEWAY_CONSOLE_LISTEN: new URL(gateway.consoleUrl).host,
  };
  return run(process.execPath, ['dist/cli/main.js', ...commandLine], { env: settings });
}

async function json<T>(...commandLine: string[]): Promise<T> {
  const { code, stdout, stderr } = await cli([...commandLine, '--json']);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as T;
}

interface NewKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const clientOf = (credentials: NewKey) => s3ClientOf(gateway, { credentials, maxAttempts: 1 });

describe('users and keys', () => {
  it('a new user can sign in at once and sees only its own buckets', async () => {
    const key = await json<NewKey>('user', 'add', 'ann');
    await s3ClientOf(gateway).send(new CreateBucketCommand({ Bucket: newBucketName('root') }));
    const Bucket = newBucketName('ann');
    await clientOf(key).send(new CreateBucketCommand({ Bucket }));
    const { Buckets } = await clientOf(key).send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toEqual([Bucket]);
  });

  it('a key that is removed stops working at once', async () => {
    await json('user', 'add', 'bob');
    const key = await json<NewKey>('key', 'add', 'bob');
    await clientOf(key).send(new ListBucketsCommand({}));
    await json('key', 'remove', key.accessKeyId);
    await expect(clientOf(key).send(new ListBucketsCommand({}))).rejects.toMatchObject({
      name: 'InvalidAccessKeyId',
    });
  });

  it('a key can be chosen, and its secret replaced', async () => {
    const id = ['--access-key', 'carol-key'];
    await json('user', 'add', 'carol', ...id, '--secret-key', 'first-secret');
    await json('key', 'add', 'carol', ...id, '--secret-key', 'second-secret');
    const old = { accessKeyId: 'carol-key', secretAccessKey: 'first-secret' };
    await expect(clientOf(old).send(new ListBucketsCommand({}))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    });
    const now = { ...old, secretAccessKey: 'second-secret' };
    await clientOf(now).send(new ListBucketsCommand({}));
    expect(await json<object[]>('key', 'list', 'carol')).toMatchObject([
      { accessKeyId: 'carol-key', userName: 'carol' },
    ]);
  });

  it('are listed without their secrets', async () => {
    const key = await json<NewKey>('user', 'add', 'dave');
    const { stdout } = await cli(['key', 'list']);
    expect(stdout).toContain(key.accessKeyId);
    expect(stdout).not.toContain(key.secretAccessKey);
    const users = await json<{ name: string; isRoot: boolean }[]>('user', 'list');
    expect(users.filter(({ isRoot }) => isRoot).map(({ name }) => name)).toEqual(['root']);
  });

  it.each([
    ['a name that is taken', ['user', 'add', 'root'], 1, 'user root already'],
    ['a bad name', ['user', 'add', 'a b'], 1, '1 to 64 letters'],
    ['half a key pair', ['user', 'add', 'eve', '--access-key', 'eve-key'], 2, 'together'],
    ['root', ['user', 'remove', 'root'], 1, 'root user cannot be removed'],
    ['a missing user', ['user', 'remove', 'nobody'], 1, 'no user nobody'],
    ['a missing key', ['key', 'remove', 'NOKEY'], 1, 'no access key NOKEY'],
  ])('%s is refused', async (_, commandLine, code, message) => {
    const result = await cli(commandLine);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toContain(message);
  });

  it('a user whose key could not be made does not exist', async () => {
    const short = ['--access-key', 'frank-key', '--secret-key', 'short'];
    expect(await cli(['user', 'add', 'frank', ...short])).toMatchObject({ code: 1 });
    const users = await json<{ name: string }[]>('user', 'list');
    expect(users.map(({ name }) => name)).not.toContain('frank');
  });
});

describe('buckets', () => {
  it('are created, listed and removed', async () => {
    const name = newBucketName('cli');
    await json('bucket', 'create', name);
    await s3ClientOf(gateway).send(new PutObjectCommand({ Bucket: name, Key: 'a', Body: 'x' }));
    const listed = await json<{ name: string; owner: string }[]>('bucket', 'list');
    expect(listed).toContainEqual(expect.objectContaining({ name, owner: 'root' }));
    expect(await json('bucket', 'quota', name, '--size', '2', '--objects', '9')).toEqual({
      bucket: name,
      quota: { sizeBytes: 2, objectCount: 9 },
      usage: { sizeBytes: 1, objectCount: 1 },
    });
    const tooMuch = new PutObjectCommand({ Bucket: name, Key: 'b', Body: 'xx' });
    await expect(s3ClientOf(gateway).send(tooMuch)).rejects.toThrow(/2 bytes, of which 1 are used/);
    expect(await json('user', 'quota', 'root', '--objects', '1')).toMatchObject({ user: 'root' });
    await expect(s3ClientOf(gateway).send(tooMuch)).rejects.toThrow('this bucket');
    await json('user', 'quota', 'root', '--none');
    await json('bucket', 'quota', name, '--none');
    await s3ClientOf(gateway).send(tooMuch);
    expect(await json('bucket', 'usage', name)).toMatchObject({ usage: { sizeBytes: 3 } });
    const refused = await cli(['bucket', 'remove', name]);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('not empty');
    const empty = newBucketName('cli');
    await json('bucket', 'create', empty);
    await json('bucket', 'remove', empty);
    const after = await json<{ name: string }[]>('bucket', 'list');
    expect(after.map((bucket) => bucket.name)).not.toContain(empty);
  });

  it.each([
    ['a bad name', ['bucket', 'create', 'Bad_Name'], '3 to 63 lower-case letters'],
    ['an owner who does not exist', ['bucket', 'create', 'abc', '--owner', 'no'], 'no user no'],
    ['a missing bucket', ['bucket', 'remove', 'missing-bucket'], 'no bucket of that name'],
  ])('%s is refused', async (_, commandLine, message) => {
    const result = await cli(commandLine);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toContain(message);
  });
});

describe('presign', () => {
  it.each(['plain.txt', "sub dir/照片 +1&2=(3)!*'~.jpg", 'a//b/', 'per%cent%2F'])(
    'links upload and download %j',
    async (key) => {
      const bucket = newBucketName('link');
      await json('bucket', 'create', bucket);
      const put = await json<{ url: string }>('presign', 'put', bucket, key);
      expect((await fetch(put.url, { method: 'PUT', body: 'hello' })).status).toBe(200);
      const { stdout } = await cli(['presign', 'get', bucket, key, '--expires', '1m']);
      expect(await (await fetch(stdout.trim())).text()).toBe('hello');
    },
  );

  it('links with headers, that describe and that delete', async () => {
    const bucket = newBucketName('linkhead');
    await json('bucket', 'create', bucket);
    const link = async (...words: string[]) =>
      (await json<{ url: string }>('presign', ...words)).url;
    const headers = ['content-type: text/x-test', 'x-amz-meta-title: a cat'];
    const put = await link('put', bucket, 'k', '--header', ...headers);
    const upload = { method: 'PUT', body: 'hello' };
    expect((await fetch(put, upload)).status).toBe(403);
    const sent = { 'content-type': 'text/x-test' };
    expect((await fetch(put, { ...upload, headers: sent })).status).toBe(200);
    const head = await fetch(await link('head', bucket, 'k'), { method: 'HEAD' });
    expect(head.headers.get('x-amz-meta-title')).toBe('a cat');
    const other = await fetch(await link('get', bucket, 'k', '--version-id', 'x'.repeat(32)));
    expect(other.status).not.toBe(200);
    const gone = await fetch(await link('delete', bucket, 'k'), { method: 'DELETE' });
    expect(gone.status).toBe(204);
  });

  it('signs for the address that --endpoint names', async () => {
    const { url } = await json<{ url: string }>(
      'presign',
      'get',
      'b',
      'k',
      '--endpoint',
      'https://s3.example.com',
    );
    expect(new URL(url).origin).toBe('https://s3.example.com');
  });

  it.each([
    [['--expires', '8d'], '7d'],
    [['--expires', '15'], 'such as 15m'],
    [['--header', 'no colon'], 'name: value'],
    [['--header', 'x-amz-date: now'], 'name: value'],
    [['--endpoint', 's3.example.com'], 'http://host:port'],
  ])('refuses %j', async (options, message) => {
    const result = await cli(['presign', 'get', 'b', 'k', ...options]);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(message);
  });
});

describe('cluster status', () => {
  it('shows the cluster as the running gateway sees it', async () => {
    const { code, stdout } = await cli(['cluster', 'status']);
    expect(code).toBe(0);
    expect(stdout).toContain(`As the gateway at ${new URL(gateway.consoleUrl).origin} sees it.`);
    expect(stdout).toMatch(/^TRACKER\s+STATE$/m);
    expect(stdout).toMatch(/^group1\s+\S+:\d+\s+ACTIVE\s.*closed$/m);
    const state = await json<object>('cluster', 'status');
    const group1 = expect.objectContaining({ groupName: 'group1' });
    const groups = expect.arrayContaining([group1]);
    expect(state).toMatchObject({ seenBy: 'gateway', usable: true, problem: null, groups });
  });

  it('asks the trackers itself when no gateway answers', async () => {
    const env = {
      ...gatewayEnvironment(gateway.dataDir),
      GATEWAY_CONSOLE_LISTEN: '127.0.0.1:1',
    };
    const { code, stdout } = await cli(['cluster', 'status'], env);
    expect(code).toBe(0);
    expect(stdout).toContain('since no gateway answers at http://127.0.0.1:1.');
    expect(stdout).toMatch(/^group1\s+\S+:\d+\s+ACTIVE\s/m);
    expect(stdout).not.toContain('BREAKERS');
  });

  it('fails and says why when no tracker answers, whatever another gateway says', async () => {
    const result = await cli(['cluster', 'status'], {
      ...gatewayEnvironment(gateway.dataDir),
      GATEWAY_CONSOLE_LISTEN: new URL(gateway.consoleUrl).host,
      FASTDFS_TRACKERS: '127.0.0.1:1',
    });
    expect(result.code).toBe(1);
    expect(result.stdout).toContain('works with other trackers');
    expect(result.stdout).toMatch(/127\.0\.0\.1:1\s+unreachable: .*\n\nNot usable: no tracker/);
  });

  it('--watch goes on until it is told to stop', async () => {
    const env = {
      ...gatewayEnvironment(gateway.dataDir),
      GATEWAY_CONSOLE_LISTEN: new URL(gateway.consoleUrl).host,
    };
    const commandLine = ['dist/cli/main.js', 'cluster', 'status', '--watch', '200ms', '--json'];
    const child = spawn(process.execPath, commandLine, {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    let lineCount = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      expect(JSON.parse(line)).toMatchObject({ seenBy: 'gateway', usable: true });
      lineCount += 1;
      if (lineCount === 2) child.kill('SIGINT');
    }
    expect(lineCount).toBe(2);
    expect(await exited).toEqual([0, null]);
  });

  it.each(['5', '1ms', 'soon'])('--watch %s is misuse', async (interval) => {
    const result = await cli(['cluster', 'status', '--watch', interval]);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('from 200ms to 1h');
  });
});

describe('without a running gateway', () => {
  it('commands work, and its first start finds what they made', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'gateway-'));
    const env = gatewayEnvironment(dataDir);
    const added = await cli(['user', 'add', 'early', '--json'], env);
    expect(added).toMatchObject({ code: 0, stderr: '' });
    const later = await GatewayProcess.start({ dataDir });
    const s3 = s3ClientOf(later, { credentials: JSON.parse(added.stdout) as NewKey });
    await s3.send(new ListBucketsCommand({}));
    await later.dispose();
  });
});

describe('settings and help', () => {
  it('wrong settings are told all at once, and nothing is started', async () => {
    const env = {
      ...gatewayEnvironment(gateway.dataDir),
      GATEWAY_S3_LISTEN: 'x',
      GATEWAY_REGIN: 'y',
    };
    const result = await cli(['serve'], env);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('GATEWAY_S3_LISTEN=x is not allowed');
    expect(result.stderr).toContain('Did you mean GATEWAY_REGION?');
  });

  it('--config names a file of settings, before or after the command', async () => {
    const home = await mkdtemp(join(tmpdir(), 'config-'));
    const file = join(home, 'gateway.env');
    await writeFile(file, 'GATEWAY_REGION=eu-test-1\n');
    const presign = ['presign', 'get', 'b', 'k'];
    for (const line of [
      ['--config', file, ...presign],
      [...presign, '--config', file],
    ]) {
      expect((await cli(line)).stdout).toContain('%2Feu-test-1%2Fs3%2F');
    }
    await rm(home, { recursive: true });
  });

  it.each([
    ['--help'],
    ['user', '--help'],
    ['presign', 'get', '--help'],
    ['cluster', 'status', '-h'],
  ])('%s %s %s explains and ends with 0', async (...commandLine) => {
    const result = await cli(commandLine);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/^Usage: fastdfs-s3 /);
    expect(result.stdout).toContain('--config <file>');
  });

  it.each([
    [],
    ['user'],
    ['frobnicate'],
    ['user', 'add'],
    ['user', 'list', '--frobnicate'],
    ['user', 'remove', 'a', 'b'],
  ])('the command line %j %j %j %j is misuse', async (...commandLine) => {
    const result = await cli(commandLine.filter((each) => each !== undefined));
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).not.toBe('');
  });
});

describe('a second gateway', () => {
  it('on the same data directory is refused', async () => {
    const result = await cli(['serve'], gatewayEnvironment(gateway.dataDir));
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain(`Another gateway runs on ${gateway.dataDir}`);
  });

  it('on a port that is taken is told which setting to change', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'gateway-'));
    const env = {
      ...gatewayEnvironment(dataDir),
      GATEWAY_S3_LISTEN: new URL(gateway.endpoint).host,
    };
    const result = await cli(['serve'], env);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/another program listens there\. Set GATEWAY_S3_LISTEN/);
    await rm(dataDir, { recursive: true });
  });

  it('with a master key that opens nothing is refused', async () => {
    const stopped = await GatewayProcess.start();
    await stopped.end();
    const env = { ...gatewayEnvironment(stopped.dataDir), GATEWAY_MASTER_KEY: 'ab'.repeat(32) };
    const result = await cli(['serve'], env);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('No secret in the index opens with this master key');
    await rm(stopped.dataDir, { recursive: true });
  });
});

it('root credentials from the settings work, and none are made up', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'gateway-'));
  const pair = { accessKeyId: 'configured', secretAccessKey: 'configured-secret' };
  const configured = await GatewayProcess.start({
    dataDir,
    env: {
      GATEWAY_ROOT_ACCESS_KEY: pair.accessKeyId,
      GATEWAY_ROOT_SECRET_KEY: pair.secretAccessKey,
    },
  });
  await s3ClientOf(configured, { credentials: pair }).send(new ListBucketsCommand({}));
  await expect(readFile(join(dataDir, 'root-credentials'))).rejects.toThrow(/ENOENT/);
  await configured.dispose();
});
