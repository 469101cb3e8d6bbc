// Runs before `npm start`, `npm test` and `npm run check`: installs the packages and compiles the
// sources when what is installed or built is missing or older than its inputs. Uses only Node's own
// modules, because nothing else may be there yet. With nothing to do it costs some 20 ms.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const inRoot = (...parts) => join(root, ...parts);
const LOCK_WAIT_MS_MAX = 10 * 60_000;

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 20)) {
  console.error(`fastdfs-s3 needs Node.js 20.20 or newer; this is ${process.version}.`);
  process.exit(1);
}

/** Native modules are compiled for one ABI: another Node.js needs them again. */
const abi = `${process.platform}-${process.arch}-${process.versions.modules}`;

function digestOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(`${path}\0`).update(readFileSync(inRoot(path)));
  return hash.digest('hex');
}

function filesBelow(directory) {
  return readdirSync(inRoot(directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

const installStamp = inRoot('node_modules', '.fastdfs-s3-installed');
const buildStamp = inRoot('dist', '.built');
const installInputs = () => `${abi} ${digestOf(['package-lock.json'])}`;
const buildInputs = () =>
  digestOf(['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', ...filesBelow('src')]);
const readStamp = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
const isInstalled = () => readStamp(installStamp) === installInputs();
const isBuilt = () => readStamp(buildStamp) === buildInputs();

/** Headers that came with this Node.js save native modules a download, which may be impossible. */
function nodeHeaders() {
  const prefix = join(dirname(process.execPath), '..');
  const hasHeaders = existsSync(join(prefix, 'include', 'node', 'node_version.h'));
  return hasHeaders ? { npm_config_nodedir: process.env.npm_config_nodedir ?? prefix } : {};
}

function run(what, command, args) {
  console.error(`fastdfs-s3: ${what} …`);
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...nodeHeaders() },
    // Standard output stays free for whoever pipes `npm start`.
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    const reason = error ? error.message : 'its output is above';
    console.error(`fastdfs-s3: ${what} failed (${command} ${args.join(' ')}): ${reason}.`);
    releaseLock();
    process.exit(status ?? 1);
  }
}

/** True when `npm install` has been run by hand and what it noted agrees with the lock file. */
function isInstalledByHand() {
  const noted = inRoot('node_modules', '.package-lock.json');
  const abiBefore = readStamp(installStamp).split(' ')[0];
  if (!existsSync(noted) || (abiBefore !== '' && abiBefore !== abi)) return false;
  const installed = JSON.parse(readFileSync(noted, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8')).packages;
  // Packages too many do no harm; those of other platforms are never installed.
  return Object.entries(wanted).every(
    ([path, { version, optional, peer }]) =>
      path === '' || (installed[path]?.version ?? (optional || peer ? version : '')) === version,
  );
}

function install() {
  if (!isInstalledByHand()) {
    // What is there is brought up to the lock file in seconds, unless it is for another Node.js:
    // then, and in a fresh clone, all is installed anew. `--include=dev`: the compiler is a
    // development dependency, also where NODE_ENV=production.
    const isFresh = readStamp(installStamp).split(' ')[0] !== abi;
    const how = isFresh ? ['ci'] : ['install', '--no-save'];
    run('installing packages', 'npm', [...how, '--include=dev', '--no-audit', '--no-fund']);
  }
  writeFileSync(installStamp, installInputs());
}

function build() {
  const inputs = buildInputs();
  const [fresh, old] = [inRoot('dist.new'), inRoot('dist.old')];
  for (const path of [fresh, old]) rmSync(path, { recursive: true, force: true });
  const tsc = inRoot('node_modules', 'typescript', 'bin', 'tsc');
  run('compiling', process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', 'dist.new']);
  chmodSync(join(fresh, 'cli', 'main.js'), 0o755);
  writeFileSync(join(fresh, '.built'), inputs);
  // Swapped in whole, so that nobody ever starts a half compiled gateway.
  if (existsSync(inRoot('dist'))) renameSync(inRoot('dist'), old);
  renameSync(fresh, inRoot('dist'));
  rmSync(old, { recursive: true, force: true });
}

const lockFile = inRoot('.ensure-built.lock');

/** One at a time: `npm test` and `npm start` in two terminals must not install over each other. */
function takeLock() {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (const startMs = Date.now(); ; Atomics.wait(pause, 0, 0, 200)) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = Number(readStamp(lockFile));
    if (owner > 0 && !isAlive(owner)) rmSync(lockFile, { force: true });
    if (Date.now() - startMs > LOCK_WAIT_MS_MAX) {
      console.error(`fastdfs-s3: process ${owner} is still building; remove ${lockFile} if not.`);
      process.exit(1);
    }
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function releaseLock() {
  rmSync(lockFile, { force: true });
}

if (!isInstalled() || !isBuilt()) {
  takeLock();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      releaseLock();
      process.exit(1);
    });
  }
  // Looked at again: another process may have done it while this one waited.
  if (!isInstalled()) install();
  if (!isBuilt()) build();
  releaseLock();
}
