import { CommanderError } from 'commander';
import { describeFailure, exitCodeOf, exitCodes } from './failures.ts';
import { createProgram } from './program.ts';

/** Runs one command line; sets the exit code of the process. Never throws. */
export async function runCommandLine(commandLine: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(commandLine, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version end here too; the parser has said what there is to say.
      process.exitCode = error.exitCode === 0 ? 0 : exitCodes.misused;
    } else {
      for (const line of describeFailure(error)) console.error(`fastdfs-s3: ${line}`);
      process.exitCode = exitCodeOf(error);
    }
  }
}
