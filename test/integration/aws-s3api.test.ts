import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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

  async function get(...commandLine: string[]): Promise<string> {
    const path = join(home, 'got');
    await s3api('get-object', ...commandLine, path);
    return await readFile(path, 'utf8');
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

  it('versions: put, get, copy, delete and undelete, suspend', async () => {
    const bucket = await newBucket();
    const target = [...bucket, '--key', 'k'];
    const setTo = (status: string) =>
      s3api('put-bucket-versioning', ...bucket, '--versioning-configuration', `Status=${status}`);
    expect(await s3api('get-bucket-versioning', ...bucket)).toEqual({});
    await setTo('Enabled');
    const first = await s3api('put-object', ...target, '--body', await file('first'));
    const second = await s3api('put-object', ...target, '--body', await file('second'));
    expect(second.VersionId).not.toBe(first.VersionId);
    expect(await get(...target, '--version-id', first.VersionId)).toBe('first');

    const marker = await s3api('delete-object', ...target);
    expect(marker).toMatchObject({ DeleteMarker: true });
    expect(await errorOf('head-object', ...target)).toBe('404');
    const listed = await s3api('list-object-versions', ...bucket);
    expect(listed.DeleteMarkers).toMatchObject([{ VersionId: marker.VersionId, IsLatest: true }]);
    expect(listed.Versions).toMatchObject([
      { VersionId: second.VersionId, IsLatest: false, Size: 6 },
      { VersionId: first.VersionId, IsLatest: false, Size: 5 },
    ]);
    await s3api('delete-object', ...target, '--version-id', marker.VersionId);
    expect(await get(...target)).toBe('second');

    const source = `${bucket[1]}/k?versionId=${first.VersionId}`;
    const copied = await s3api('copy-object', ...target, '--copy-source', source);
    expect(copied).toMatchObject({ CopySourceVersionId: first.VersionId });
    expect(await get(...target)).toBe('first');
    await setTo('Suspended');
    expect(await s3api('get-bucket-versioning', ...bucket)).toEqual({ Status: 'Suspended' });
    const nullVersion = await s3api('put-object', ...target, '--body', await file('null'));
    expect(nullVersion.VersionId ?? 'null').toBe('null');
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

  it('object lock: default retention, bypass, legal hold', async () => {
    const bucket = await newBucket('--object-lock-enabled-for-bucket');
    const target = [...bucket, '--key', 'k'];
    const configuration = {
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
    };
    await s3api(
      ...['put-object-lock-configuration', ...bucket],
      ...['--object-lock-configuration', JSON.stringify(configuration)],
    );
    expect(await s3api('get-object-lock-configuration', ...bucket)).toEqual({
      ObjectLockConfiguration: configuration,
    });
    const { VersionId } = await s3api('put-object', ...target, '--body', await file('locked'));
    const version = [...target, '--version-id', VersionId];
    const { Retention } = await s3api('get-object-retention', ...version);
    expect(Retention.Mode).toBe('GOVERNANCE');
    expect(await errorOf('delete-object', ...version)).toBe('AccessDenied');
    const hold = (status: string) =>
      s3api('put-object-legal-hold', ...version, '--legal-hold', `Status=${status}`);
    await hold('ON');
    const bypass = [...version, '--bypass-governance-retention'];
    expect(await errorOf('delete-object', ...bypass)).toBe('AccessDenied');
    await hold('OFF');
    await s3api('delete-object', ...bypass);
    expect(await errorOf('head-object', ...version)).toBe('404');
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
    await s3api('delete-public-access-block', ...bucket);
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

  it('access control lists, who owns what, and the public block', async () => {
    const bucket = await newBucket();
    const target = [...bucket, '--key', 'k'];
    const Rules = [{ ObjectOwnership: 'ObjectWriter' }];
    const controls = ['--ownership-controls', JSON.stringify({ Rules })];
    await s3api('put-bucket-ownership-controls', ...bucket, ...controls);
    expect(await s3api('get-bucket-ownership-controls', ...bucket)).toEqual({
      OwnershipControls: { Rules },
    });
    await s3api('delete-public-access-block', ...bucket);
    await s3api('put-object', ...target, '--acl', 'public-read', '--body', await file('x'));
    const { Grants, Owner } = await s3api('get-object-acl', ...target);
    expect(Grants).toHaveLength(2);
    expect(Grants).toContainEqual({
      Grantee: { Type: 'Group', URI: 'http://acs.amazonaws.com/groups/global/AllUsers' },
      Permission: 'READ',
    });
    expect((await s3api('get-bucket-acl', ...bucket)).Owner.ID).toBe(Owner.ID);
    const read = async () => (await fetch(`${gateway.endpoint}/${bucket[1]}/k`)).status;
    expect(await read()).toBe(200);
    const block = {
      ...{ BlockPublicAcls: true, IgnorePublicAcls: true },
      ...{ BlockPublicPolicy: false, RestrictPublicBuckets: false },
    };
    const blocked = ['--public-access-block-configuration', JSON.stringify(block)];
    await s3api('put-public-access-block', ...bucket, ...blocked);
    expect(await s3api('get-public-access-block', ...bucket)).toEqual({
      PublicAccessBlockConfiguration: block,
    });
    expect(await read()).toBe(403);
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

    it('appends', async ({ skip }) => {
      const target = [...(await newBucket()), '--key', 'k'];
      await s3api('put-object', ...target, '--body', await file('hello '));
      const append = ['put-object', ...target, '--write-offset-bytes'];
      await s3apiOrSkip(skip, ...append, '6', '--body', await file('world'));
      expect(await get(...target)).toBe('hello world');
      expect(await errorOf(...append, '3', '--body', await file('x'))).toBe('InvalidWriteOffset');
    });

    it('renames', async ({ skip }) => {
      const bucket = await newBucket();
      await s3api('put-object', ...bucket, '--key', 'old', '--body', await file('renamed'));
      const rename = ['rename-object', ...bucket, '--key', 'new', '--rename-source'];
      await s3apiOrSkip(skip, ...rename, 'old');
      expect(await get(...bucket, '--key', 'new')).toBe('renamed');
      expect(await errorOf('head-object', ...bucket, '--key', 'old')).toBe('404');
    });
  });
});

function escaped(text: string): string {
  return text.replace(/[+/=]/g, '\\$&');
}
