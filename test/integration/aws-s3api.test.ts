import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsSession, awsPrograms, describeWithAws } from '../support/aws-session.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { newBucketName } from '../support/s3-client.ts';

const MIB = 2 ** 20;

interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: what each command answers is what is tested
  readonly [name: string]: any;
}

/** One command of each kind, as operators type them. */
describeWithAws(awsPrograms, (program) => {
  let gateway: GatewayProcess;
  let home: string;
  let aws: AwsSession;

  const start = (commandLine: readonly string[]) =>
    aws.run('--output', 'json', 's3api', ...commandLine);

  /** What it answers; `{}` for nothing. */
  async function s3api(...commandLine: string[]): Promise<Answer> {
    const { code, stdout, stderr } = await start(commandLine);
    if (code !== 0) throw new Error(`aws s3api ${commandLine.join(' ')}: ${stderr}`);
    return stdout.trim() === '' ? {} : JSON.parse(stdout);
  }

  /** The code of the error. */
  async function errorOf(...commandLine: string[]): Promise<string> {
    const { code, stderr } = await start(commandLine);
    expect(code).not.toBe(0);
    return /An error occurred \((\w+)\)/.exec(stderr)?.[1] ?? stderr;
  }

  async function newBucket(...options: string[]): Promise<string[]> {
    const bucket = newBucketName('s3api');
    await s3api('create-bucket', '--bucket', bucket, ...options);
    return ['--bucket', bucket];
  }

  async function file(content: string | Buffer): Promise<string> {
    const path = join(home, createHash('md5').update(content).digest('hex'));
    await writeFile(path, content);
    return path;
  }

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    home = await mkdtemp(join(tmpdir(), 'aws-s3api-'));
    aws = new AwsSession(program, { gateway, home });
  });

  afterAll(async () => {
    aws.close();
    await gateway.dispose();
    await rm(home, { recursive: true });
  });

  it('tags of objects and buckets', async () => {
    const bucket = await newBucket();
    const target = [...bucket, '--key', 'k'];
    const inOrder = (tags: { readonly Key: string }[]) =>
      tags.sort((one, other) => (one.Key < other.Key ? -1 : 1));
    await s3api('put-object', ...target, '--tagging', 'a=1&b=zwei%20%C3%A4');
    expect(inOrder((await s3api('get-object-tagging', ...target)).TagSet)).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: 'zwei ä' },
    ]);
    const TagSet = [{ Key: 'c', Value: '3' }];
    const tagging = ['--tagging', JSON.stringify({ TagSet })];
    await s3api('put-object-tagging', ...target, ...tagging);
    expect(await s3api('get-object-tagging', ...target)).toMatchObject({ TagSet });
    await s3api('delete-object-tagging', ...target);
    expect(await s3api('get-object-tagging', ...target)).toMatchObject({ TagSet: [] });

    expect(await errorOf('get-bucket-tagging', ...bucket)).toBe('NoSuchTagSet');
    await s3api('put-bucket-tagging', ...bucket, ...tagging);
    expect(await s3api('get-bucket-tagging', ...bucket)).toEqual({ TagSet });
    await s3api('delete-bucket-tagging', ...bucket);
    expect(await errorOf('get-bucket-tagging', ...bucket)).toBe('NoSuchTagSet');
  });

  it('a policy opens a prefix to everybody', async () => {
    const bucket = await newBucket();
    for (const key of ['open/k', 'closed/k']) {
      await s3api('put-object', ...bucket, '--key', key, '--body', await file('x'));
    }
    const policy = {
      Version: '2012-10-17',
      Statement: [
        {
          ...{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject' },
          Resource: `arn:aws:s3:::${bucket[1]}/open/*`,
        },
      ],
    };
    expect(await errorOf('get-bucket-policy', ...bucket)).toBe('NoSuchBucketPolicy');
    await s3api('put-bucket-policy', ...bucket, '--policy', JSON.stringify(policy));
    const { Policy } = await s3api('get-bucket-policy', ...bucket);
    expect(JSON.parse(Policy)).toEqual(policy);
    expect(await s3api('get-bucket-policy-status', ...bucket)).toEqual({
      PolicyStatus: { IsPublic: true },
    });
    const statusOf = async (path: string) =>
      (await fetch(`${gateway.endpoint}/${bucket[1]}/${path}`)).status;
    expect([await statusOf('open/k'), await statusOf('closed/k')]).toEqual([200, 403]);
    await s3api('delete-bucket-policy', ...bucket);
    expect(await statusOf('open/k')).toBe(403);
  });

  it('CORS rules', async () => {
    const bucket = await newBucket();
    expect(await errorOf('get-bucket-cors', ...bucket)).toBe('NoSuchCORSConfiguration');
    const CORSRules = [
      { AllowedMethods: ['GET', 'PUT'], AllowedOrigins: ['https://*.example.com'] },
    ];
    const rules = ['--cors-configuration', JSON.stringify({ CORSRules })];
    await s3api('put-bucket-cors', ...bucket, ...rules);
    expect(await s3api('get-bucket-cors', ...bucket)).toEqual({ CORSRules });
    const asked = await fetch(`${gateway.endpoint}/${bucket[1]}/k`, {
      method: 'OPTIONS',
      headers: { Origin: 'https://a.example.com', 'Access-Control-Request-Method': 'PUT' },
    });
    expect(asked.headers.get('access-control-allow-origin')).toBe('https://a.example.com');
    await s3api('delete-bucket-cors', ...bucket);
    expect(await errorOf('get-bucket-cors', ...bucket)).toBe('NoSuchCORSConfiguration');
  });

  it('attributes of an object in parts', async () => {
    const target = [...(await newBucket()), '--key', 'k'];
    const contents = [randomBytes(5 * MIB), randomBytes(1000)];
    const algorithm = ['--checksum-algorithm', 'SHA256'];
    const { UploadId } = await s3api('create-multipart-upload', ...target, ...algorithm);
    const upload = [...target, '--upload-id', UploadId];
    const Parts: Answer[] = [];
    for (const [index, content] of contents.entries()) {
      const PartNumber = index + 1;
      const number = ['--part-number', String(PartNumber)];
      const body = ['--body', await file(content)];
      const part = await s3api('upload-part', ...upload, ...number, ...body, ...algorithm);
      expect(part.ChecksumSHA256).toBe(createHash('sha256').update(content).digest('base64'));
      Parts.push({ PartNumber, ETag: part.ETag, ChecksumSHA256: part.ChecksumSHA256 });
    }
    const parts = ['--multipart-upload', JSON.stringify({ Parts })];
    await s3api('complete-multipart-upload', ...upload, ...parts);
    const attributes = await s3api(
      ...['get-object-attributes', ...target, '--object-attributes'],
      ...['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'],
    );
    const sums = contents.map((content) => createHash('sha256').update(content).digest());
    const sum = createHash('sha256').update(Buffer.concat(sums)).digest('base64');
    expect(attributes).toMatchObject({
      ObjectSize: 5 * MIB + 1000,
      ObjectParts: { TotalPartsCount: 2 },
    });
    expect(attributes.Checksum.ChecksumSHA256).toMatch(new RegExp(`^${escaped(sum)}(-2)?$`));
    const head = await s3api('head-object', ...target, '--part-number', '2');
    expect(head).toMatchObject({ ContentLength: 1000, PartsCount: 2 });
  });

  describe('what newer versions know', () => {
    /** Skips the test when this version of the program has no such command or option. */
    async function s3apiOrSkip(
      skip: (note: string) => void,
      ...commandLine: string[]
    ): Promise<Answer> {
      const { code, stdout, stderr } = await start(commandLine);
      if (/Invalid choice|Unknown options/.test(stderr)) skip('this aws does not know it');
      if (code !== 0) throw new Error(stderr);
      return stdout.trim() === '' ? {} : JSON.parse(stdout);
    }

    it('writes on a condition', async ({ skip }) => {
      const target = [...(await newBucket()), '--key', 'k'];
      const onlyNew = ['put-object', ...target, '--if-none-match', '*'];
      const { ETag } = await s3apiOrSkip(skip, ...onlyNew, '--body', await file('1'));
      expect(await errorOf(...onlyNew)).toBe('PreconditionFailed');
      const onlyThat = ['put-object', ...target, '--if-match', ETag];
      await s3api(...onlyThat, '--body', await file('2'));
      expect(await errorOf(...onlyThat)).toBe('PreconditionFailed');
    });
  });
});

function escaped(text: string): string {
  return text.replace(/[+/=]/g, '\\$&');
}
