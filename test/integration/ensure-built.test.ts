import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CommandResult, run } from '../support/command-line.ts';

const script = fileURLToPath(new URL('../../scripts/ensure-built.mjs', import.meta.url));

/** Stands in for npm: notes its command line and "installs" a compiler that copies its notes. */
const fakeNpm = `#!/bin/sh
echo "$*" >> npm-calls
[ ! -f npm-fails ] || exit 7
mkdir -p node_modules/typescript/bin
cp package-lock.json node_modules/.package-lock.json
cat > node_modules/typescript/bin/tsc <<'END'
const { mkdirSync, writeFileSync, appendFileSync, readFileSync, existsSync } = require('node:fs');
appendFileSync('tsc-calls', 'x');
if (existsSync('tsc-fails')) process.exit(2);
const out = process.argv[process.argv.indexOf('--outDir') + 1];
mkdirSync(out + '/cli', { recursive: true });
writeFileSync(out + '/cli/main.js', readFileSync('src/main.ts'));
END
`;

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ensure-built-'));
  for (const directory of ['scripts', 'src', 'bin']) await mkdir(join(root, directory));
  await cp(script, join(root, 'scripts/ensure-built.mjs'));
  await writeFile(join(root, 'src/main.ts'), 'first');
  for (const file of ['tsconfig.json', 'tsconfig.build.json'])
    await writeFile(join(root, file), '{}');
  await lock('1.0.0');
  await writeFile(join(root, 'bin/npm'), fakeNpm);
  await chmod(join(root, 'bin/npm'), 0o755);
});

afterEach(() => rm(root, { recursive: true }));

async function lock(version: string): Promise<void> {
  const packages = {
    '': {},
    'node_modules/a': { version },
    'node_modules/b': { version, optional: true },
  };
  await writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages }));
}

function ensureBuilt(): Promise<CommandResult> {
  const env = { PATH: `${join(root, 'bin')}:${process.env.PATH}` };
  return run(process.execPath, ['scripts/ensure-built.mjs'], { cwd: root, env });
}

const read = (name: string) => readFile(join(root, name), 'utf8').catch(() => '');

/** How often npm and the compiler ran, and what was built. */
async function done() {
  const npm = (await read('npm-calls'))
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '');
  return {
    npm: npm.filter((call) => call !== ''),
    tsc: (await read('tsc-calls')).length,
    built: await read('dist/cli/main.js'),
  };
}

describe('in a fresh clone', () => {
  it('installs and compiles, and leaves an executable command', async () => {
    expect(await ensureBuilt()).toMatchObject({ code: 0, stdout: '' });
    expect(await done()).toEqual({ npm: ['ci'], tsc: 1, built: 'first' });
    expect(await read('npm-calls')).toContain('--include=dev');
    await run(join(root, 'dist/cli/main.js'), []);
    expect((await readdir(root)).filter((name) => /lock$|dist\./.test(name))).toEqual([]);
  });

  it('does it once for two that start together', async () => {
    const results = await Promise.all([ensureBuilt(), ensureBuilt(), ensureBuilt()]);
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await done()).toMatchObject({ npm: ['ci'], tsc: 1 });
  });

  it('goes on after one that was killed', async () => {
    const killed = spawn('sleep', ['60']);
    await writeFile(join(root, '.ensure-built.lock'), String(killed.pid));
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(await ensureBuilt()).toMatchObject({ code: 0 });
  });
});

describe('afterwards', () => {
  beforeEach(async () => {
    await ensureBuilt();
  });

  it('does and says nothing while nothing changed', async () => {
    expect(await ensureBuilt()).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await done()).toMatchObject({ npm: ['ci'], tsc: 1 });
  });

  it('compiles when a source changed, was added or removed', async () => {
    await writeFile(join(root, 'src/main.ts'), 'second');
    await ensureBuilt();
    expect(await done()).toEqual({ npm: ['ci'], tsc: 2, built: 'second' });
    await writeFile(join(root, 'src/other.ts'), '');
    await ensureBuilt();
    await rm(join(root, 'src/other.ts'));
    await ensureBuilt();
    expect(await done()).toMatchObject({ npm: ['ci'], tsc: 4 });
  });

  it('brings packages up to a changed lock file', async () => {
    await lock('2.0.0');
    await ensureBuilt();
    expect(await done()).toMatchObject({ npm: ['ci', 'install'], tsc: 2 });
  });

  it('takes what was installed by hand', async () => {
    await lock('2.0.0');
    await cp(join(root, 'package-lock.json'), join(root, 'node_modules/.package-lock.json'));
    await ensureBuilt();
    expect(await done()).toMatchObject({ npm: ['ci'], tsc: 2 });
  });

  it('keeps the old build when compiling fails, and fails', async () => {
    await writeFile(join(root, 'src/main.ts'), 'broken');
    await writeFile(join(root, 'tsc-fails'), '');
    const failed = await ensureBuilt();
    expect(failed.code).toBe(2);
    expect(failed.stderr).toContain('compiling failed');
    expect(await done()).toMatchObject({ built: 'first' });
    await rm(join(root, 'tsc-fails'));
    expect(await ensureBuilt()).toMatchObject({ code: 0 });
    expect(await done()).toMatchObject({ built: 'broken' });
  });

  it('fails when installing fails, and tries again next time', async () => {
    await lock('2.0.0');
    await writeFile(join(root, 'npm-fails'), '');
    expect(await ensureBuilt()).toMatchObject({ code: 7 });
    await rm(join(root, 'npm-fails'));
    expect(await ensureBuilt()).toMatchObject({ code: 0 });
  });
});
