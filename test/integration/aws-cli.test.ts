import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AwsSession, awsPrograms, describeWithAws } from '../support/aws-session.ts';
import { runOk } from '../support/command-line.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { deleteAllBuckets, newBucketName, s3ClientOf } from '../support/s3-client.ts';

const MIB = 2 ** 20;

describeWithAws(awsPrograms.slice(0, 1), (program) => {
  const bucket = newBucketName('aws');
  let gateway: GatewayProcess;
  let home: string;
  let session: AwsSession;

  const aws = (...commandLine: string[]) => session.runOk(...commandLine);

  beforeAll(async () => {
    // Its links are of version 2 unless it is told otherwise.
    gateway = await GatewayProcess.start({ env: { GATEWAY_SIGNATURE_V2: 'on' } });
    home = await mkdtemp(join(tmpdir(), 'aws-cli-'));
    session = new AwsSession(program, { gateway, home });
    await aws('s3', 'mb', `s3://${bucket}`);
  });

  afterAll(async () => {
    session.close();
    await deleteAllBuckets(s3ClientOf(gateway));
    await gateway.dispose();
    await rm(home, { recursive: true });
  });

  async function localFile(name: string, content: Buffer | string): Promise<string> {
    const path = join(home, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, content);
    return path;
  }

  it.each([
    ['1 KiB', 1024],
    ['100 MiB in parts', 100 * MIB],
  ])('cp of %s up and down', async (_, size) => {
    const content = randomBytes(size);
    const path = await localFile('up', content);
    await aws('s3', 'cp', '--no-progress', path, `s3://${bucket}/cp/${size}`);
    await aws('s3', 'cp', '--no-progress', `s3://${bucket}/cp/${size}`, join(home, 'down'));
    expect((await readFile(join(home, 'down'))).equals(content)).toBe(true);
  });

  it('cp from standard input and to standard output', async () => {
    const path = await localFile('words', 'hello\n');
    const target = `s3://${bucket}/piped`;
    const { endpoint, accessKeyId, secretAccessKey } = gateway;
    const line =
      'aws --endpoint-url "$0" s3 cp - "$1" < "$2" && exec aws --endpoint-url "$0" s3 cp "$1" -';
    const output = await runOk('sh', ['-c', line, endpoint, target, path], {
      env: {
        ...{ HOME: home, AWS_ACCESS_KEY_ID: accessKeyId, AWS_DEFAULT_REGION: 'us-east-1' },
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      },
    });
    expect(output).toBe('hello\n');
  });

  it('sync up, change, sync down', async () => {
    const names = ['a.txt', 'sub/b c.txt', 'sub/deep/照片.txt', 'sub/deep/100% & +.txt'];
    for (const name of names) {
      const path = await localFile(`tree/${name}`, name);
      // S3 tells times in seconds: a file of this second would seem to be newer than its copy.
      await utimes(path, 1_700_000_000, 1_700_000_000);
    }
    const tree = join(home, 'tree');
    await aws('s3', 'sync', tree, `s3://${bucket}/tree`);
    const listed = await aws('s3', 'ls', '--recursive', `s3://${bucket}/tree`);
    for (const name of names) expect(listed).toContain(`tree/${name}`);
    expect(await aws('s3', 'sync', tree, `s3://${bucket}/tree`)).toBe('');
    await aws('s3', 'rm', `s3://${bucket}/tree/a.txt`);
    await aws('s3', 'sync', `s3://${bucket}/tree`, join(home, 'back'));
    expect(await readFile(join(home, 'back/sub/deep/照片.txt'), 'utf8')).toBe(names[2]);
  });

  it('mv and cp inside the bucket', async () => {
    const path = await localFile('moving', 'x');
    await aws('s3', 'cp', path, `s3://${bucket}/from`);
    await aws('s3', 'mv', `s3://${bucket}/from`, `s3://${bucket}/to`);
    await aws('s3', 'cp', `s3://${bucket}/to`, `s3://${bucket}/to2`);
    expect(await aws('s3', 'cp', `s3://${bucket}/to2`, '-')).toBe('x');
    const gone = await session.run('s3', 'ls', `s3://${bucket}/from`);
    expect(gone.code).toBe(1);
  });

  it('presign gives a link that anybody can use', async () => {
    const path = await localFile('shared', 'for everybody');
    await aws('s3', 'cp', path, `s3://${bucket}/shared file.txt`);
    const url = (await aws('s3', 'presign', `s3://${bucket}/shared file.txt`)).trim();
    expect(await (await fetch(url)).text()).toBe('for everybody');
  });

  it('s3api tells the checksum that the client sent', async () => {
    const path = await localFile('checked', 'x');
    const target = ['--bucket', bucket, '--key', 'checked'];
    await aws('s3api', 'put-object', ...target, '--body', path, '--checksum-algorithm', 'SHA256');
    const head = await aws('s3api', 'head-object', ...target, '--checksum-mode', 'ENABLED');
    const sha256 = createHash('sha256').update('x').digest('base64');
    expect(JSON.parse(head).ChecksumSHA256).toBe(sha256);
  });

  it('rm --recursive and rb leave nothing', async () => {
    const other = newBucketName('awsrb');
    await aws('s3', 'mb', `s3://${other}`);
    const path = await localFile('filler', 'x');
    for (const name of ['a', 'b/c', 'b/d']) await aws('s3', 'cp', path, `s3://${other}/${name}`);
    await aws('s3', 'rm', '--recursive', `s3://${other}`);
    expect(await aws('s3', 'ls', '--recursive', `s3://${other}`).catch(() => '')).toBe('');
    await aws('s3', 'rb', `s3://${other}`);
    expect(await aws('s3', 'ls')).not.toContain(other);
  });
});
