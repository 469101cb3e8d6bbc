import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openSqliteIndex } from '../../src/object-index/sqlite-index.ts';

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

export interface StartOptions {
  /** Kept from an earlier process, to start again on the same data. */
  readonly dataDir?: string;
  /** Added to the settings that make the process independent of this machine. */
  readonly env?: Readonly<Record<string, string>>;
  /** A process group of its own, as a terminal makes: see `endGroup`. */
  readonly ownGroup?: boolean;
}

export interface RestartOptions extends StartOptions {
  readonly dataDir: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Lines of the gateway's log, parsed. */
export interface LogLine {
  readonly msg?: string;
  readonly [fact: string]: unknown;
}

/** A gateway in a process of its own, started from the compiled sources. */
export class GatewayProcess {
  readonly dataDir: string;
  readonly endpoint: string;
  readonly consoleUrl: string;
  /** `null` as text where that door is off. */
  readonly qiniuUrl: string;
  readonly filesUrl: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly pid: number;
  readonly log: readonly LogLine[];
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #options: StartOptions;

  private constructor(
    child: ChildProcess,
    started: Started,
    credentials: Credentials,
    options: RestartOptions,
  ) {
    this.#child = child;
    this.#options = options;
    this.dataDir = options.dataDir;
    this.endpoint = started.endpoint;
    this.consoleUrl = started.consoleUrl;
    this.qiniuUrl = started.qiniuUrl;
    this.filesUrl = started.filesUrl;
    this.accessKeyId = credentials.accessKeyId;
    this.secretAccessKey = credentials.secretAccessKey;
    this.pid = child.pid ?? -1;
    this.log = started.log;
    this.exited = started.exited;
  }

  /** Resolves when the gateway is ready; rejects with its output when it ends before that. */
  static async start(options: StartOptions = {}): Promise<GatewayProcess> {
    const dataDir = await GatewayProcess.newDataDir(options.dataDir);
    const child = spawnGateway(dataDir, options);
    const started = await waitUntilReady(child);
    const credentials = await readCredentials(dataDir);
    return new GatewayProcess(child, started, credentials, { ...options, dataDir });
  }

  /** The directory itself when there is one, else a new one. */
  static async newDataDir(dataDir?: string | null): Promise<string> {
    return dataDir ?? (await mkdtemp(join(tmpdir(), 'gateway-')));
  }

  /** Kills a gateway with SIGKILL so long after its start, ready or not. Resolves when it is dead. */
  static async startAndKill(options: RestartOptions, afterMs: number): Promise<void> {
    const child = spawnGateway(options.dataDir, options);
    const exited = once(child, 'exit');
    // What nobody reads would stop it when the pipe is full.
    child.stdout?.resume();
    child.stderr?.resume();
    await setTimeout(afterMs);
    child.kill('SIGKILL');
    await exited;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends the signal and waits for the end. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.signal(signal);
    return await this.exited;
  }

  /** Signals the gateway and its workers, as a terminal or systemd does, and waits for the end. */
  async endGroup(signal: NodeJS.Signals): Promise<Exit> {
    process.kill(-this.pid, signal);
    return await this.exited;
  }

  /** Process ids of workers by number, as the log told them last. */
  workerPids(): ReadonlyMap<number, number> {
    const lines = this.log.filter(({ msg }) => msg === 'a worker serves');
    return new Map(lines.map(({ worker, pid }) => [Number(worker), Number(pid)]));
  }

  /** Starts again on the same data and the same ports. */
  async startAgain(env: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
    return await GatewayProcess.start({
      ...this.#options,
      dataDir: this.dataDir,
      env: {
        ...this.#options.env,
        GATEWAY_S3_LISTEN: new URL(this.endpoint).host,
        GATEWAY_CONSOLE_LISTEN: new URL(this.consoleUrl).host,
        ...(this.qiniuUrl !== 'null' && { GATEWAY_QINIU_LISTEN: new URL(this.qiniuUrl).host }),
        ...(this.filesUrl !== 'null' && { GATEWAY_FILES_LISTEN: new URL(this.filesUrl).host }),
        ...env,
      },
    });
  }

  /** Ends it and removes its data, after a shared cluster has got rid of what was deleted. */
  async dispose(): Promise<void> {
    const { FASTDFS_TRACKERS, FASTDFS_CLUSTER_CONTROL } = process.env;
    if (FASTDFS_TRACKERS || FASTDFS_CLUSTER_CONTROL) await this.#waitForDeletions();
    await this.end();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  async #waitForDeletions(): Promise<void> {
    const path = join(this.dataDir, 'index.sqlite');
    const index = await openSqliteIndex({ path, deleteDelayMs: 0, threads: false });
    for (let tries = 0; tries < 300 && (await index.countDeletions()) > 0; tries += 1) {
      await setTimeout(100);
    }
    await index.close();
  }
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

interface Started {
  readonly endpoint: string;
  readonly consoleUrl: string;
  readonly qiniuUrl: string;
  readonly filesUrl: string;
  readonly log: LogLine[];
  readonly exited: Promise<Exit>;
}

/** Settings of gateways under test: loopback, free ports, and the cluster when one is given. */
export function gatewayEnvironment(dataDir: string): Record<string, string> {
  const { PATH = '', HOME = '', FASTDFS_TRACKERS } = process.env;
  return {
    PATH,
    HOME,
    GATEWAY_DATA_DIR: dataDir,
    GATEWAY_S3_LISTEN: '127.0.0.1:0',
    GATEWAY_CONSOLE_LISTEN: '127.0.0.1:0',
    // Tests of these doors open them.
    GATEWAY_QINIU_LISTEN: 'off',
    GATEWAY_FILES_LISTEN: 'off',
    GATEWAY_EMBEDDED_TRACKER_PORT: '0',
    GATEWAY_EMBEDDED_STORAGE_PORT: '0',
    GATEWAY_DELETE_DELAY: '0',
    ...(FASTDFS_TRACKERS ? { FASTDFS_TRACKERS } : {}),
  };
}

function spawnGateway(dataDir: string, { env, ownGroup = false }: StartOptions): ChildProcess {
  return spawn(process.execPath, ['dist/main.js'], {
    cwd: projectRoot,
    env: { ...gatewayEnvironment(dataDir), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: ownGroup,
  });
}

export interface CommandProcess {
  /** Waits for its end, after the signal when there is one. */
  end(signal: NodeJS.Signals | null): Promise<Exit & { readonly output: string }>;
}

/** Starts the command line on the data of a gateway, which may run. */
export function startCommand(
  dataDir: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): CommandProcess {
  const child = spawn(process.execPath, ['dist/cli/main.js', ...words], {
    cwd: projectRoot,
    env: { ...gatewayEnvironment(dataDir), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => output.push(String(chunk)));
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  return {
    async end(signal) {
      if (signal) child.kill(signal);
      return { ...(await ended), output: output.join('') };
    },
  };
}

async function waitUntilReady(child: ChildProcess): Promise<Started> {
  const log: LogLine[] = [];
  const errorOutput: string[] = [];
  const exited = once(child, 'exit').then(([code, signal]): Exit => ({ code, signal }));
  child.stderr?.on('data', (chunk: Buffer) => errorOutput.push(String(chunk)));
  const ready = new Promise<LogLine>((resolve) => {
    if (!child.stdout) return;
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = parseLine(text);
      log.push(line);
      if (line.msg === 'ready') resolve(line);
    });
  });
  const first = await Promise.race([ready, exited]);
  if ('code' in first) {
    throw new Error(
      `The gateway ended with ${JSON.stringify(first)}:\n${errorOutput.join('')}${JSON.stringify(log)}`,
    );
  }
  const urls = {
    endpoint: String(first.s3),
    consoleUrl: String(first.console),
    qiniuUrl: String(first.qiniu),
    filesUrl: String(first.files),
  };
  return { ...urls, log, exited };
}

/** A process that is killed may leave half a line behind. */
function parseLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { msg: text };
  }
}

async function readCredentials(dataDir: string): Promise<Credentials> {
  // Missing when the settings name the root key.
  const text = await readFile(join(dataDir, 'root-credentials'), 'utf8').catch(() => '');
  const settingOf = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  return {
    accessKeyId: settingOf('AWS_ACCESS_KEY_ID'),
    secretAccessKey: settingOf('AWS_SECRET_ACCESS_KEY'),
  };
}
