import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ListObjectVersionsCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithProgram, runOk } from '../support/command-line.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { deleteAllBuckets, newBucketName, s3ClientOf } from '../support/s3-client.ts';

const MIB = 2 ** 20;

describeWithProgram('rclone', () => {
  const bucket = newBucketName('rclone');
  let gateway: GatewayProcess;
  let home: string;

  const rclone = (...commandLine: string[]) =>
    runOk('rclone', ['--config', join(home, 'rclone.conf'), '--retries', '1', ...commandLine], {
      env: { HOME: home, LC_ALL: 'C.UTF-8' },
    });

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    home = await mkdtemp(join(tmpdir(), 'rclone-'));
    const lines = [
      '[gateway]',
      'type = s3',
      'provider = Other',
      `access_key_id = ${gateway.accessKeyId}`,
      `secret_access_key = ${gateway.secretAccessKey}`,
      `endpoint = ${gateway.endpoint}`,
      'region = us-east-1',
      'force_path_style = true',
      'chunk_size = 5Mi',
      'upload_cutoff = 6Mi',
    ];
    await writeFile(join(home, 'rclone.conf'), lines.join('\n'));
    await rclone('mkdir', `gateway:${bucket}`);
  });

  afterAll(async () => {
    await deleteAllBuckets(s3ClientOf(gateway));
    await gateway.dispose();
    await rm(home, { recursive: true });
  });

  const files: Readonly<Record<string, Buffer>> = {
    empty: Buffer.alloc(0),
    'small.txt': Buffer.from('hello'),
    'sub/照片 +1.jpg': randomBytes(1000),
    'sub/deep/in parts.bin': randomBytes(13 * MIB),
  };

  it('sync up, check every byte, and copy back', async () => {
    for (const [name, content] of Object.entries(files)) {
      const path = join(home, 'tree', name);
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, content);
    }
    await rclone('sync', join(home, 'tree'), `gateway:${bucket}/tree`);
    await rclone('check', '--download', join(home, 'tree'), `gateway:${bucket}/tree`);
    await rclone('copy', `gateway:${bucket}/tree`, join(home, 'back'));
    for (const [name, content] of Object.entries(files)) {
      expect((await readFile(join(home, 'back', name))).equals(content), name).toBe(true);
    }
  });

  it('keeps the time of a file', async () => {
    await writeFile(join(home, 'dated'), 'x');
    await rclone('copy', join(home, 'dated'), `gateway:${bucket}/dated`);
    await rclone('touch', '-t', '2020-01-02T03:04:05', `gateway:${bucket}/dated/dated`);
    expect(await rclone('lsl', `gateway:${bucket}/dated`)).toContain('2020-01-02 03:04:05');
  });

  it('lists, moves on the server and deletes what is not there any more', async () => {
    await writeFile(join(home, 'x'), 'x');
    await rclone('copyto', join(home, 'x'), `gateway:${bucket}/moves/from`);
    await rclone('moveto', `gateway:${bucket}/moves/from`, `gateway:${bucket}/moves/to`);
    expect(await rclone('lsf', `gateway:${bucket}/moves`)).toBe('to\n');
    await mkdir(join(home, 'nothing'), { recursive: true });
    await rclone('sync', join(home, 'nothing'), `gateway:${bucket}/moves`);
    expect(await rclone('lsf', `gateway:${bucket}/moves`)).toBe('');
  });

  it('rcat streams content of unknown length', async () => {
    const line = `head -c ${7 * MIB} /dev/zero | rclone --config "$0" rcat "$1"`;
    await runOk('sh', ['-c', line, join(home, 'rclone.conf'), `gateway:${bucket}/streamed`], {
      env: { HOME: home },
    });
    expect(await rclone('size', '--json', `gateway:${bucket}/streamed`)).toContain(
      `"bytes":${7 * MIB}`,
    );
  });

  it('keeps metadata, also through a copy on the server', async () => {
    const path = join(home, 'described.txt');
    await writeFile(path, 'x');
    await utimes(path, 1_500_000_000, 1_500_000_000.25);
    const wanted = {
      'content-type': 'text/x-test',
      'cache-control': 'no-cache',
      'my-key': 'value',
    };
    const sets = Object.entries(wanted).flatMap(([name, value]) => [
      '--metadata-set',
      `${name}=${value}`,
    ]);
    await rclone('copyto', '-M', ...sets, path, `gateway:${bucket}/described`);
    await rclone('copyto', '-M', `gateway:${bucket}/described`, `gateway:${bucket}/copied`);
    for (const name of ['described', 'copied']) {
      const stat = await rclone('lsjson', '--stat', '-M', '--hash', `gateway:${bucket}/${name}`);
      const { Metadata, Hashes, ModTime } = JSON.parse(stat);
      expect(Metadata).toMatchObject(wanted);
      expect(Date.parse(ModTime)).toBe(1_500_000_000_250);
      expect(Hashes.md5).toBe(createHash('md5').update('x').digest('hex'));
    }
  });

  it('copies on the server, in parts too, and compares checksums', async () => {
    const copies = newBucketName('copies');
    await rclone('mkdir', `gateway:${copies}`);
    const path = join(home, 'copied/large.bin');
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, randomBytes(11 * MIB));
    await rclone('copyto', path, `gateway:${bucket}/server-side/large.bin`);
    await rclone(
      ...['copy', '--s3-copy-cutoff', '5Mi', '--s3-chunk-size', '5Mi'],
      ...[`gateway:${bucket}/server-side`, `gateway:${copies}`],
    );
    await rclone('check', '--one-way', join(home, 'copied'), `gateway:${copies}`);
    await writeFile(path, randomBytes(11 * MIB));
    const differs = rclone('check', '--one-way', join(home, 'copied'), `gateway:${copies}`);
    await expect(differs).rejects.toThrow('differ');
  });

  it('lists and reads old versions, and those of a time', async () => {
    const s3 = s3ClientOf(gateway);
    const versioned = newBucketName('versions');
    await rclone('mkdir', `gateway:${versioned}`);
    const configuration = { Status: 'Enabled' } as const;
    await s3.send(
      new PutBucketVersioningCommand({
        Bucket: versioned,
        VersioningConfiguration: configuration,
      }),
    );
    for (const content of ['first', 'second']) {
      await writeFile(join(home, 'text'), content);
      await rclone('copyto', join(home, 'text'), `gateway:${versioned}/sub/file.txt`);
      // Listings tell times in seconds, by which versions get their names.
      await setTimeout(1_000);
    }
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: versioned }));
    const [second, first] = Versions.map(({ LastModified }) => LastModified?.toISOString() ?? '');
    await rclone('deletefile', `gateway:${versioned}/sub/file.txt`);
    const list = (...options: string[]) =>
      rclone('lsf', '-R', '--files-only', ...options, `gateway:${versioned}`);
    expect(await list()).toBe('');

    const names = [first, second].map((time = '') => {
      const [, day, clock, ms] = /^(.+)T(.+)\.(\d+)Z$/.exec(time) ?? [];
      return `file-v${day}-${clock?.replaceAll(':', '')}-${ms}.txt`;
    });
    const listed = (await list('--s3-versions')).trim().split('\n').sort();
    expect(listed).toEqual(names.map((name) => `sub/${name}`));
    // As a directory: this version finds no old version when it is asked for one file alone.
    await rclone('copy', '--s3-versions', `gateway:${versioned}/sub`, join(home, 'old'));
    for (const [index, content] of ['first', 'second'].entries()) {
      expect(await readFile(join(home, 'old', names[index] ?? ''), 'utf8')).toBe(content);
      const at = ['--s3-version-at', [first, second][index] ?? ''];
      expect(await rclone('cat', ...at, `gateway:${versioned}/sub`)).toBe(content);
    }
  });

  it('purge leaves nothing', async () => {
    const other = newBucketName('purge');
    await writeFile(join(home, 'x'), 'x');
    await rclone('copyto', join(home, 'x'), `gateway:${other}/a/b`);
    await rclone('purge', `gateway:${other}`);
    expect(await rclone('lsd', 'gateway:')).not.toContain(other);
  });
});
