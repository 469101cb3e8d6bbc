import { Command } from 'commander';
import { expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/failures.ts';
import { addFsckCommand } from '../../../src/cli/fsck.ts';

function fsck(commandLine: string): Promise<Command> {
  const program = new Command();
  addFsckCommand(program);
  return program.parseAsync(['fsck', ...commandLine.split(' ')], { from: 'user' });
}

it.each([
  ['--orphans a.list --data', '--data means nothing with --orphans'],
  ['--data --index backup.sqlite', '--index means nothing with --data'],
  ['--orphans a.list --index backup.sqlite', '--index means nothing with --orphans'],
  ['--orphans a.list --bucket photos', '--bucket means nothing with --orphans'],
  ['--data --only-this-gateway --repair', '--only-this-gateway means nothing with --data'],
  ['--data --group group1 --store-path 0', '--group means nothing with --data'],
  ['--bucket photos', '--bucket means nothing without --data'],
  ['--read all', '--read means nothing without --data'],
  ['--restart --repair', '--restart means nothing without --data'],
  ['--even-after-restore --repair', '--even-after-restore means nothing without --orphans'],
  ['--older-than 2d', '--older-than means nothing without --orphans'],
  ['--out found.list', '--out means nothing without --orphans'],
])('%s is refused', async (commandLine, problem) => {
  const refused = expect(fsck(commandLine)).rejects;
  await refused.toThrow(UsageError);
  await expect(fsck(commandLine)).rejects.toThrow(problem);
});
