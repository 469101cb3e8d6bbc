import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, realpathSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { type CommandResult, run } from './command-line.ts';
import type { GatewayProcess } from './gateway-process.ts';

const script = fileURLToPath(new URL('aws-session.py', import.meta.url));

/** An AWS CLI that is installed. */
export interface AwsProgram {
  /** `1.45.11` */
  readonly version: string;
  /** That runs it and has its packages; null where it is no Python program. */
  readonly python: string | null;
}

/** All that are on the path, each version once. */
function findAwsPrograms(): readonly AwsProgram[] {
  const paths = outputOf('which', ['-a', 'aws']).split('\n').filter(Boolean);
  const pythons = paths.length === 0 ? [] : [...paths.map(interpreterOf), 'python3'];
  const programs = new Map<string, AwsProgram>();
  for (const python of new Set(pythons)) {
    if (python === null) continue;
    const version = outputOf(python, ['-c', 'import awscli; print(awscli.__version__)']).trim();
    if (version !== '' && !programs.has(version)) programs.set(version, { version, python });
  }
  if (programs.size > 0 || paths.length === 0) return [...programs.values()];
  return [{ version: 'binary', python: null }];
}

export const awsPrograms = findAwsPrograms();

/** Tests for each of them; where there is none they are skipped, and the name says why. */
export function describeWithAws(
  programs: readonly AwsProgram[],
  tests: (program: AwsProgram) => void,
): void {
  for (const program of programs) describe(`aws ${program.version}`, () => tests(program));
  if (programs.length > 0) return;
  describe.skip('aws (skipped: not installed)', () => tests({ version: '', python: null }));
}

interface AwsSessionOptions {
  readonly gateway: Pick<GatewayProcess, 'endpoint' | 'accessKeyId' | 'secretAccessKey'>;
  /** An empty directory, where commands run. */
  readonly home: string;
}

/** Commands of one AWS CLI, one after the other, each as if by itself. */
export class AwsSession {
  readonly #child: ChildProcess | null;
  readonly #answers: AsyncIterator<string> | null;
  readonly #endpoint: string;
  readonly #options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv };
  #last: Promise<unknown> = Promise.resolve();

  constructor({ python }: AwsProgram, { gateway, home }: AwsSessionOptions) {
    this.#endpoint = gateway.endpoint;
    this.#options = {
      cwd: home,
      env: {
        PATH: process.env.PATH,
        HOME: home,
        AWS_ACCESS_KEY_ID: gateway.accessKeyId,
        AWS_SECRET_ACCESS_KEY: gateway.secretAccessKey,
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_MAX_ATTEMPTS: '1',
        // Version 2 hands what it says to a pager otherwise.
        AWS_PAGER: '',
        LC_ALL: 'C.UTF-8',
      },
    };
    this.#child = python === null ? null : this.#start(python);
    const input = this.#child?.stdout;
    this.#answers = input ? createInterface({ input })[Symbol.asyncIterator]() : null;
  }

  #start(python: string): ChildProcess {
    return spawn(python, [script], { ...this.#options, stdio: ['pipe', 'pipe', 'inherit'] });
  }

  run(...given: string[]): Promise<CommandResult> {
    const commandLine = ['--endpoint-url', this.#endpoint, ...given];
    if (this.#child === null) return run('aws', commandLine, this.#options);
    const answer = this.#last.then(() => this.#ask(commandLine));
    this.#last = answer.catch(() => {});
    return answer;
  }

  /** Resolves to the output; a command that fails is an error with all it said. */
  async runOk(...commandLine: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...commandLine);
    if (code === 0) return stdout;
    throw new Error(`aws ${commandLine.join(' ')} ended with ${code}:\n${stderr}\n${stdout}`);
  }

  async #ask(commandLine: readonly string[]): Promise<CommandResult> {
    this.#child?.stdin?.write(`${JSON.stringify(commandLine)}\n`);
    const line = await this.#answers?.next();
    if (!line || line.done) throw new Error('the process of the AWS CLI has ended');
    return JSON.parse(line.value) as CommandResult;
  }

  close(): void {
    this.#child?.stdin?.end();
  }
}

function outputOf(command: string, commandLine: readonly string[]): string {
  return spawnSync(command, commandLine, { encoding: 'utf8' }).stdout ?? '';
}

/** What a Python program begins with. */
function interpreterOf(path: string): string | null {
  const file = openSync(realpathSync(path), 'r');
  try {
    const head = Buffer.alloc(200);
    const size = readSync(file, head);
    return /^#!\s*(\S*python[\d.]*)\s/.exec(head.toString('latin1', 0, size))?.[1] ?? null;
  } finally {
    closeSync(file);
  }
}
