import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { settingsFromModule } from '../../../src/cli/module-settings.ts';
import { loadConfig } from '../../../src/config.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'module-settings-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function write(name: string, lines: readonly string[]): string {
  const path = join(directory, name);
  writeFileSync(path, lines.join('\n'));
  return path;
}

async function derive(...paths: string[]) {
  const { json } = await settingsFromModule(paths);
  return json as { settings: Record<string, string>; notes: string[] };
}

const withToken = [
  '# http.anti_steal.check_token = false',
  'http.anti_steal.check_token = true',
  'http.anti_steal.token_ttl = 900',
  'http.anti_steal.secret_key = FastDFS1234567890',
  'http.anti_steal.token_check_fail = /home/anti-steal.jpg',
];

it('both files, one included by the other', async () => {
  write('http.conf', withToken);
  const path = write('mod_fastdfs.conf', [
    'connect_timeout=2',
    'tracker_server=192.168.209.121:22122',
    'tracker_server=192.168.209.122:22122',
    'url_have_group_name = false',
    'group_name=group3',
    'response_mode=redirect',
    'anti_steal_bypass_header_name = X-Inside',
    'anti_steal_bypass_header_value = let me in',
    '#include http.conf',
    '[group1]',
    'group_name=group1',
  ]);
  const { settings, notes } = await derive(path);
  expect(settings).toEqual({
    FASTDFS_TRACKERS: '192.168.209.121:22122,192.168.209.122:22122',
    GATEWAY_FILES_DEFAULT_GROUP: 'group3',
    GATEWAY_FILES_ACCESS: 'closed',
    GATEWAY_FILES_TOKEN_SECRET: 'FastDFS1234567890',
    GATEWAY_FILES_TOKEN_TTL: '900s',
    GATEWAY_FILES_TOKEN_SUBSTITUTE: '/home/anti-steal.jpg',
    GATEWAY_FILES_TOKEN_BYPASS: 'X-Inside: let me in',
  });
  expect(notes.join('\n')).toContain('response_mode');
});

it('without tokens every file is open, and that is said', async () => {
  const path = write('http.conf', ['http.anti_steal.check_token=false']);
  const { settings, notes } = await derive(path);
  expect(settings).toEqual({ GATEWAY_FILES_ACCESS: 'open' });
  expect(notes.join('\n')).toContain('GATEWAY_FILES_ACCESS');
});

it('what is printed are settings that the gateway takes', async () => {
  const { text } = await settingsFromModule([write('http.conf', withToken)]);
  const config = loadConfig({}, write('gateway.env', text.split('\n')));
  expect(config.files.reads).toMatchObject({
    access: 'closed',
    antiSteal: { secret: 'FastDFS1234567890', ttlSeconds: 900 },
    substitutePath: '/home/anti-steal.jpg',
  });
});

it('files that include each other are read once', async () => {
  const path = write('a.conf', ['#include b.conf', 'tracker_server=10.0.0.1:22122']);
  write('b.conf', ['#include a.conf']);
  expect((await derive(path)).settings.FASTDFS_TRACKERS).toBe('10.0.0.1:22122');
});

it('a file that cannot be read is an error', async () => {
  await expect(derive(join(directory, 'missing.conf'))).rejects.toThrow('missing.conf');
});
