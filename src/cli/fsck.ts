import type { Command } from 'commander';
import { plainCommand } from './command.ts';
import { fsckIndex } from './fsck-index.ts';

/**
 * Checks what the gateway keeps, one kind of check for each option. Each is a command of its own
 * in a file of its own, with its options, and reports with `reportFsck`; a mode that needs index and blob store is
 * wrapped in `command`, one that does not in `plainCommand`.
 */
export function fsck(this: Command, ...given: unknown[]): Promise<void> {
  const mode = plainCommand(fsckIndex);
  return mode.apply(this, given);
}

export function addFsckCommand(program: Command): void {
  program
    .command('fsck')
    .description('look for damage in the index')
    .option('--repair', 'mend what can be mended; nothing that an object needs is ever deleted')
    .option('--index <file>', 'check a backup instead of the index in use')
    .action(fsck);
}
