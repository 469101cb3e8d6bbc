import type { Command } from 'commander';
import { command, plainCommand } from './command.ts';
import { UsageError } from './failures.ts';
import { fsckData } from './fsck-data.ts';
import { fsckIndex } from './fsck-index.ts';
import { fsckOrphans } from './fsck-orphans.ts';

/** Options that one kind of check alone takes; --repair is for all. */
const ownOptions = {
  index: ['index'],
  data: ['data', 'read', 'rate', 'bandwidth', 'bucket', 'restart'],
  orphans: [
    ...['orphans', 'group', 'storePath', 'olderThan', 'out'],
    ...['onlyThisGateway', 'evenAfterRestore'],
  ],
} as const;

/**
 * Checks what the gateway keeps, one kind of check for each option. Each is a command of its own
 * in a file of its own, with its options, and reports with `reportFsck`; a mode that needs index and
 * blob store is wrapped in `command`, one that does not in `plainCommand`.
 */
async function fsck(this: Command, ...given: unknown[]): Promise<void> {
  const { orphans, data } = this.opts();
  const mode = orphans ? 'orphans' : data ? 'data' : 'index';
  refuseOptionsOfOthers(this, mode);
  if (mode === 'orphans') return command(fsckOrphans).apply(this, given);
  if (mode === 'data') return command(fsckData).apply(this, given);
  return plainCommand(fsckIndex).apply(this, given);
}

/** What is left out in silence is taken for done: --index beside --orphans would not be compared. */
function refuseOptionsOfOthers(self: Command, mode: keyof typeof ownOptions): void {
  const named = self.opts();
  for (const [other, names] of Object.entries(ownOptions)) {
    const name = names.find((name) => other !== mode && named[name] !== undefined);
    const flag = self.options.find((option) => option.attributeName() === name)?.long;
    if (flag === undefined) continue;
    const what = mode === 'index' ? `without --${other}` : `with --${mode}`;
    throw new UsageError(`${flag} means nothing ${what}; fsck --help tells what goes together.`);
  }
}

export function addFsckCommand(program: Command): void {
  program
    .command('fsck')
    .description('look for damage in the index')
    .option('--repair', 'mend what can be mended; nothing that an object needs is ever deleted')
    .option('--index <file>', 'check a backup instead of the index in use')
    .option('--data', 'look on FastDFS for every file that the index refers to, and its size')
    .option(
      '--read [copies]',
      'with --data: read a copy of each file and compare its CRC-32, or all',
    )
    .option('--rate <files>', 'with --data: files per second (default: 200)')
    .option('--bandwidth <size>', 'with --data --read: bytes per second (default: 50MiB)')
    .option('--bucket <name>', 'with --data: only files of that bucket')
    .option('--restart', 'with --data: from the beginning, not where the last run was stopped')
    .option(
      '--orphans <listing...>',
      'name files that the index does not know, by listings of data directories (- is stdin)',
    )
    .option('--group <name>', 'with --orphans: group of the paths, unless lines are file IDs')
    .option('--store-path <index>', 'with --orphans: their store path, 0 is store_path0')
    .option('--older-than <duration>', 'with --orphans: younger files are left alone (default: 1d)')
    .option('--out <file>', 'with --orphans: a new file for their IDs, one a line')
    .option('--only-this-gateway', 'with --orphans --repair: nobody else has files there')
    .option('--even-after-restore', 'with --orphans --repair: also files from before a restore')
    .action(fsck);
}
