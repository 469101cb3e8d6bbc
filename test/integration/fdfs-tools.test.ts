import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from '@node-rs/crc32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestNode, type TestNode } from '../support/embedded-node.ts';
import { isOnPath } from '../support/programs.ts';

/** FastDFS's own programs against the embedded node: they know nothing of this project. */
const TOOLS = [
  'fdfs_upload_file',
  'fdfs_download_file',
  'fdfs_delete_file',
  'fdfs_file_info',
  'fdfs_upload_appender',
  'fdfs_append_file',
  'fdfs_regenerate_filename',
  'fdfs_test',
  'fdfs_appender_test',
  'fdfs_monitor',
  'fdfs_crc32',
];

const missing = TOOLS.filter((tool) => !isOnPath(tool));
const title =
  missing.length === 0
    ? 'FastDFS tools against the embedded node'
    : `FastDFS tools (skipped: ${missing.join(', ')} not on PATH)`;

describe.skipIf(missing.length > 0)(title, () => {
  let node: TestNode;
  let directory: string;
  let config: string;
  const content = randomBytes(300_000);

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'fdfs-tools-'));
    node = await startTestNode({ durability: 'fsync' });
    config = join(directory, 'client.conf');
    const { host, port } = node.trackerAddress;
    const lines = [
      'connect_timeout = 5',
      'network_timeout = 30',
      `base_path = ${directory}`,
      `tracker_server = ${host}:${port}`,
      'load_fdfs_parameters_from_tracker = true',
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    writeFileSync(join(directory, 'small.txt'), 'small content');
    writeFileSync(join(directory, 'large.bin'), content);
  });
  afterAll(async () => {
    await node.remove();
    rmSync(directory, { recursive: true });
  });

  /** What the tool prints. Their exit codes do not tell success from failure. */
  function run(tool: string, ...args: string[]): Promise<string> {
    return new Promise((resolve) => {
      execFile(tool, args, { cwd: directory, timeout: 60_000 }, (_error, stdout, stderr) => {
        resolve(`${stdout}${stderr}`);
      });
    });
  }

  const upload = async (file: string, ...args: string[]) =>
    (await run('fdfs_upload_file', config, file, ...args)).trim();

  it('fdfs_upload_file and fdfs_download_file carry a file both ways', async () => {
    const fileId = await upload('large.bin');
    expect(fileId).toMatch(/^group1\/M00\/00\/00\/[A-Za-z0-9_-]{27}\d{3}\.bin$/);
    await run('fdfs_download_file', config, fileId, 'copy.bin');
    expect(readFileSync(join(directory, 'copy.bin')).equals(content)).toBe(true);
    await run('fdfs_download_file', config, fileId, 'range.bin', '1000', '2000');
    const range = readFileSync(join(directory, 'range.bin'));
    expect(range.equals(content.subarray(1000, 3000))).toBe(true);
  });

  it('fdfs_upload_file takes a storage server instead of a tracker', async () => {
    const { host, port } = node.storageAddress;
    expect(await upload('small.txt', `${host}:${port}`)).toMatch(/^group1\/M00\//);
  });

  it('fdfs_delete_file removes a file', async () => {
    const fileId = await upload('small.txt');
    expect(await run('fdfs_delete_file', config, fileId)).not.toMatch(/fail/);
    expect(await run('fdfs_delete_file', config, fileId)).toMatch(/error no: 2/);
    expect(await run('fdfs_download_file', config, fileId, 'gone')).toMatch(/error no: 2/);
  });

  it('fdfs_file_info and fdfs_crc32 agree about size and CRC-32', async () => {
    const info = await run('fdfs_file_info', config, await upload('large.bin'));
    // One of the tools leaves leading zeros out.
    const checksum = (await run('fdfs_crc32', 'large.bin')).trim().padStart(8, '0');
    expect(info).toMatch(/file type: normal/);
    expect(info).toMatch(/source ip address: 127\.0\.0\.1/);
    expect(info).toMatch(/file size: 300000/);
    expect(info).toContain(`(0x${checksum})`);
    expect(Number.parseInt(checksum, 16)).toBe(crc32(content));
  });

  it('fdfs_upload_appender, fdfs_append_file and fdfs_regenerate_filename work on', async () => {
    const fileId = (await run('fdfs_upload_appender', config, 'small.txt')).trim();
    expect(await run('fdfs_append_file', config, fileId, 'large.bin')).not.toMatch(/fail/);
    expect(await run('fdfs_file_info', config, fileId)).toMatch(/appender[\s\S]*file size: 300013/);
    const printed = await run('fdfs_regenerate_filename', config, fileId);
    const newId = /group1\/M00\/\S+/.exec(printed.replace(fileId, ''))?.[0] ?? '';
    const checksum = crc32(Buffer.concat([Buffer.from('small content'), content]));
    const info = await run('fdfs_file_info', config, newId);
    expect(info).toMatch(/file type: normal[\s\S]*file size: 300013/);
    expect(info).toContain(`0x${checksum.toString(16).padStart(8, '0')}`);
    expect(await run('fdfs_download_file', config, fileId, 'gone')).toMatch(/error no: 2/);
  });

  it.each(['FILE', 'BUFF', 'CALLBACK'])('fdfs_test uploads by %s, with a slave', async (way) => {
    const printed = await run('fdfs_test', config, 'upload', 'small.txt', way);
    expect(printed).not.toMatch(/fail/);
    const names = [...printed.matchAll(/remote_filename=(\S+)/g)].map(([, name]) => name ?? '');
    expect(names).toHaveLength(2);
    const metadata = await run('fdfs_test', config, 'getmeta', 'group1', names[0] ?? '');
    expect(metadata).toMatch(/meta count=4/);
    await run('fdfs_test', config, 'download', 'group1', names[1] ?? '', 'slave');
    expect(readFileSync(join(directory, 'slave'), 'utf8')).toBe('small content');
  });

  it('fdfs_test sets and gets metadata, queries servers and deletes', async () => {
    const fileName = (await upload('small.txt')).replace('group1/', '');
    const test = (operation: string, ...args: string[]) =>
      run('fdfs_test', config, operation, 'group1', fileName, ...args);
    expect(await test('setmeta', 'O', 'author=me,width=5')).toMatch(/set meta data success/);
    expect(await test('setmeta', 'M', 'width=6')).toMatch(/set meta data success/);
    expect(await test('getmeta')).toMatch(/meta count=2[\s\S]*author=me[\s\S]*width=6/);
    const { host, port } = node.storageAddress;
    expect(await test('query_servers')).toContain(`server list (1):\n\t${host}:${port}`);
    expect(await test('delete')).toMatch(/delete file success/);
    expect(await test('delete')).toMatch(/error no: 2/);
  });

  it('fdfs_appender_test appends, modifies and truncates', async () => {
    const printed = await run('fdfs_appender_test', config, 'small.txt');
    expect(printed).toMatch(/remote_filename=/);
    expect(printed).not.toMatch(/fail/);
  });

  it('fdfs_monitor shows one active storage server with its space', async () => {
    const printed = await run('fdfs_monitor', config);
    expect(printed).toMatch(/group count: 1/);
    expect(printed).toMatch(/group name = group1/);
    expect(printed).toMatch(/disk total space\s+= +[1-9][\d,]* /);
    expect(printed).toContain(`host = 127.0.0.1:${node.storageAddress.port}  ACTIVE`);
    expect(printed).toMatch(/version = 6\.16/);
    expect(printed).toMatch(/success_upload_count = [1-9]/);
  });
});
