// Runs before `npm start` and `npm test`: installs the packages and compiles the sources when what
// is installed or built is missing or older than its inputs. Uses only Node's own modules, because
// nothing else may be there yet. With nothing to do it costs a few tens of milliseconds.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 20)) {
  console.error(`fastdfs-s3 needs Node.js 20.20 or newer; this is ${process.version}.`);
  process.exit(1);
}

/** SHA-256 over names and contents; null when an input is missing. */
function digestOf(paths) {
  const hash = createHash('sha256').update(process.version).update(process.arch);
  for (const path of paths)
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)));
  return hash.digest('hex');
}

function filesBelow(directory) {
  return readdirSync(join(root, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

function isCurrent(stampFile, digest) {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === digest;
}

function run(what, command, args) {
  console.error(`fastdfs-s3: ${what} …`);
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) {
    console.error(
      `fastdfs-s3: ${what} failed (${command} ${args.join(' ')}); its output is above.`,
    );
    process.exit(result.status ?? 1);
  }
}

const installStamp = join(root, 'node_modules', '.fastdfs-s3-installed');
const installDigest = digestOf(['package-lock.json']);
if (!isCurrent(installStamp, installDigest)) {
  // `--include=dev`: the compiler is a development dependency, also where NODE_ENV=production.
  run('installing packages', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund']);
  writeFileSync(installStamp, installDigest);
}

const buildStamp = join(root, 'dist', '.built');
const buildDigest = digestOf([
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  ...filesBelow('src'),
]);
if (!isCurrent(buildStamp, buildDigest)) {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  mkdirSync(join(root, 'dist'));
  run('compiling', process.execPath, [
    join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
    '-p',
    'tsconfig.build.json',
  ]);
  writeFileSync(buildStamp, buildDigest);
}
