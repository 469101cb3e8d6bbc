import type { Command } from 'commander';
import { type Config, loadConfig } from '../config.ts';
import { openServices, type Services } from '../gateway.ts';
import { createLogger } from '../support/logger.ts';
import { exitCodes } from './failures.ts';
import { printReports } from './watch.ts';

/** What a command has to say: `json` with --json, else `text`; `failed` makes the exit code 1. */
export interface CommandOutput {
  readonly json: unknown;
  readonly text: string;
  readonly failed?: boolean;
}

export interface CommandContext {
  readonly config: Config;
  readonly services: Services;
}

/** What a command prints on standard output is its result alone. */
const STANDARD_ERROR = 2;

/** Options that every command takes, before or after its name. */
interface GlobalOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/**
 * Wraps a command: reads the settings, opens the index and the blob store in this process (the
 * gateway may run beside it), runs it, prints what it says or goes on saying, closes. Failures are
 * told on standard error. A command that gives null has said all by itself.
 */
export function command<Arguments extends unknown[]>(
  run: (
    context: CommandContext,
    ...given: Arguments
  ) => Promise<CommandOutput | AsyncIterable<CommandOutput> | null>,
) {
  return async function (this: Command, ...given: unknown[]): Promise<void> {
    const options = this.optsWithGlobals<GlobalOptions>();
    const config = loadConfig(process.env, options.config);
    const services = await openServices(config, createLogger('error', { fd: STANDARD_ERROR }));
    try {
      await print(await run({ config, services }, ...argumentsOf<Arguments>(given)), options);
    } finally {
      await services.close();
    }
  };
}

/** As `command`, for one that opens what it needs by itself: an index may be too damaged for it. */
export function plainCommand<Arguments extends unknown[]>(
  run: (config: Config, ...given: Arguments) => Promise<CommandOutput>,
) {
  return async function (this: Command, ...given: unknown[]): Promise<void> {
    const options = this.optsWithGlobals<GlobalOptions>();
    const config = loadConfig(process.env, options.config);
    await print(await run(config, ...argumentsOf<Arguments>(given)), options);
  };
}

/** As `command`, for one that needs neither settings nor what they lead to. */
export function freeCommand<Arguments extends unknown[]>(
  run: (...given: Arguments) => Promise<CommandOutput>,
) {
  return async function (this: Command, ...given: unknown[]): Promise<void> {
    await print(await run(...argumentsOf<Arguments>(given)), this.optsWithGlobals<GlobalOptions>());
  };
}

/** The last argument is the Command itself, which is `this` already. */
function argumentsOf<Arguments extends unknown[]>(given: readonly unknown[]): Arguments {
  return given.slice(0, -1) as Arguments;
}

async function print(
  output: CommandOutput | AsyncIterable<CommandOutput> | null,
  options: GlobalOptions,
): Promise<void> {
  if (output === null) return;
  if (Symbol.asyncIterator in output) {
    await printReports(output, options.json === true);
    return;
  }
  console.log(options.json ? JSON.stringify(output.json, null, 2) : output.text);
  if (output.failed) process.exitCode = exitCodes.failed;
}
