import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe } from 'vitest';

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; the environment is exactly what is given, and PATH. */
export async function run(
  command: string,
  commandLine: readonly string[],
  { env, ...options }: SpawnOptions = {},
): Promise<CommandResult> {
  const child = spawn(command, commandLine, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
    env: { PATH: process.env.PATH, ...env },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

/** Like `run`, but a program that fails is an error with all it said. Resolves to its output. */
export async function runOk(
  command: string,
  commandLine: readonly string[],
  options: SpawnOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(command, commandLine, options);
  if (code === 0) return stdout;
  throw new Error(`${command} ${commandLine.join(' ')} ended with ${code}:\n${stderr}\n${stdout}`);
}

/** Tests of a program that may not be installed: then they are skipped, and the name says why. */
export function describeWithProgram(program: string, tests: () => void): void {
  const isInstalled = spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
  const name = isInstalled ? program : `${program} (skipped: not installed)`;
  describe.skipIf(!isInstalled)(name, tests);
}
