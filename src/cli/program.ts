import { Command, Option } from 'commander';
import { loadConfig } from '../config.ts';
import {
  addKey,
  addUser,
  listKeys,
  listUsers,
  removeKey,
  removeUser,
  updateKey,
} from './access-keys.ts';
import { backupIndex } from './backup.ts';
import { addBucketDomain, listBucketDomains, removeBucketDomain } from './bucket-domains.ts';
import { createBucket, listBuckets, removeBucket } from './buckets.ts';
import { showClusterStatus } from './cluster.ts';
import { command, freeCommand, plainCommand } from './command.ts';
import { compactTheIndex } from './compact.ts';
import { addFsckCommand } from './fsck.ts';
import { runDeletionQueue, showDeletionQueue } from './gc.ts';
import { addImportCommands } from './import-commands.ts';
import { bucketImportedFiles } from './imported-files.ts';
import { settingsFromModule } from './module-settings.ts';
import { addMirrorCommand, addOriginCommands } from './origin-commands.ts';
import { addPolicyCommands, addUserPolicyCommands } from './policy-commands.ts';
import { presign } from './presign.ts';
import { bucketQuota, userQuota } from './quotas.ts';
import { checkReplicas } from './replicas.ts';
import { restoreBackup } from './restore.ts';

const accessKeyOption = ['--access-key <id>', 'access key id instead of a random one'] as const;
const secretKeyOption = ['--secret-key <secret>', 'secret access key that goes with it'] as const;

/** The whole command line; every command takes --config and --json, before or after its name. */
export function createProgram(): Command {
  const program = new Command('fastdfs-s3')
    .description('S3-compatible gateway over FastDFS.')
    .option('--config <file>', 'settings file (NAME=value lines); the environment wins over it')
    .option('--json', 'print the result as JSON')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 wrong command line or settings.' +
        '\nCommands may run while the gateway runs and while it does not,' +
        '\nbut for restore and compact.',
    )
    .exitOverride();
  program
    .command('serve')
    .description('run the gateway until SIGTERM or SIGINT')
    .action(async (_options, self: Command) => {
      // The doors are loaded for this command only: the others start faster without.
      const { serve } = await import('../serve.ts');
      await serve(loadConfig(process.env, self.optsWithGlobals<{ config?: string }>().config));
    });
  addUserCommands(program.command('user').description('people and programs that may sign in'));
  addKeyCommands(program.command('key').description('access keys of users'));
  addPolicyCommands(program.command('policy').description('who may do what, and why'));
  addBucketCommands(program.command('bucket').description('buckets'));
  addPresignCommands(program.command('presign').description('links that need no key'));
  program
    .command('cluster')
    .description('the FastDFS cluster behind the gateway')
    .command('status')
    .description('trackers, groups and storage servers with their states and space')
    .option('--watch [interval]', 'again and again until Ctrl-C (default: every 2s)')
    .action(command(showClusterStatus));
  program
    .command('replicas')
    .description('ask for every file on every storage server of its group')
    .option('--repair', 'store files anew that have too few good copies')
    .option('--bucket <name>', 'only files of that bucket')
    .option('--rate <files>', 'files per second (default: 200)')
    .option('--restart', 'from the beginning, not where the last run was stopped')
    .action(command(checkReplicas));
  addIndexCommands(program);
  addDeletionCommands(program.command('gc').description('files that no key needs any more'));
  addFsckCommand(program);
  addImportCommands(program);
  addMirrorCommand(program);
  program
    .command('files')
    .description('files by their FastDFS IDs')
    .command('settings-from <file...>')
    .description('print the settings that mod_fastdfs.conf and http.conf of nginx stand for')
    .action(freeCommand(settingsFromModule));
  return program;
}

function addUserCommands(user: Command): void {
  user
    .command('add <name>')
    .description('add a user with an access key and print it')
    .option(...accessKeyOption)
    .option(...secretKeyOption)
    .action(command(addUser));
  user.command('list').description('list users').action(command(listUsers));
  user
    .command('remove <name>')
    .description('remove a user who owns no buckets, and its keys and policies')
    .action(command(removeUser));
  addUserPolicyCommands(user.command('policy').description('what bounds what a user may do'));
  addQuotaOptions(user.command('quota <name>'))
    .description('show or set what all buckets of a user may hold together')
    .action(command(userQuota));
}

function addKeyCommands(key: Command): void {
  key
    .command('add <user>')
    .description('give a user one more access key, or a key it has another secret')
    .option(...accessKeyOption)
    .option(...secretKeyOption)
    .action(command(addKey));
  key.command('list [user]').description('list access keys').action(command(listKeys));
  key
    .command('update <access-key-id>')
    .description('let a key count, or not, or until some time')
    .option('--active', 'requests signed with it are served')
    .option('--inactive', 'requests signed with it are refused')
    .option('--expires <when>', 'after a duration (90d), on a date (2027-01-31), or never')
    .action(command(updateKey));
  key
    .command('remove <access-key-id>')
    .description('remove an access key; requests signed with it are refused at once')
    .action(command(removeKey));
}

function addBucketCommands(bucket: Command): void {
  bucket.command('list').description('list all buckets').action(command(listBuckets));
  bucket
    .command('create <name>')
    .description('create a bucket')
    .option('--owner <user>', 'user who gets it (default: root)')
    .option('--location <constraint>', 'LocationConstraint that GetBucketLocation returns')
    .action(command(createBucket));
  bucket
    .command('remove <name>')
    .description('remove an empty bucket')
    .action(command(removeBucket));
  bucket
    .command('usage <name>')
    .description('show what a bucket holds: objects and their older versions')
    .action(command((context, name: string) => bucketQuota(context, name, {})));
  bucket
    .command('imported-files <name> [keep|delete]')
    .description('show or say what becomes of imported files when their last key goes')
    .action(
      command((context, name: string, wanted: string | undefined) =>
        bucketImportedFiles(context, name, wanted),
      ),
    );
  addQuotaOptions(bucket.command('quota <name>'))
    .description('show or set what a bucket may hold')
    .action(command(bucketQuota));
  const domain = bucket
    .command('domain')
    .description('host names at which objects are downloaded through the Qiniu door');
  domain
    .command('add <bucket> <domain>')
    .description('let a host name stand for a bucket')
    .action(command(addBucketDomain));
  domain
    .command('remove <bucket> <domain>')
    .description('let it stand for none')
    .action(command(removeBucketDomain));
  domain
    .command('list <bucket>')
    .description('list the host names of a bucket')
    .action(command(listBucketDomains));
  addOriginCommands(bucket.command('origin').description('where a bucket gets what it misses'));
}

function addQuotaOptions(quota: Command): Command {
  return quota
    .option('--size <size>', 'bytes of all objects and their older versions: 500GiB')
    .option('--objects <number>', 'objects and older versions')
    .option('--none', 'no quota any more');
}

function addDeletionCommands(gc: Command): void {
  gc.command('status')
    .description('files that wait to be deleted, by group, and those that could not be')
    .action(command(showDeletionQueue));
  gc.command('run')
    .description('delete what is due now; the gateway does so by itself as well')
    .option('--all', 'also what is still inside GATEWAY_DELETE_DELAY; slow readers of it fail')
    .action(command(runDeletionQueue));
}

function addIndexCommands(program: Command): void {
  program
    .command('backup <file>')
    .description('copy the index into a file, verified, while the gateway runs or not')
    .option('--force', 'replace the file when it is there')
    .action(plainCommand(backupIndex));
  program
    .command('restore <file>')
    .description('put a backup in the place of the index, which is kept; the gateway is stopped')
    .action(plainCommand(restoreBackup));
  program
    .command('compact')
    .description('give unused space of the index back; the gateway is stopped')
    .action(plainCommand(compactTheIndex));
}

function addPresignCommands(group: Command): void {
  for (const [name, method, description] of [
    ['get', 'GET', 'print a link that downloads an object'],
    ['head', 'HEAD', 'print a link that describes an object'],
    ['put', 'PUT', 'print a link that uploads an object'],
    ['delete', 'DELETE', 'print a link that deletes an object'],
  ] as const) {
    group
      .command(`${name} <bucket> <key>`)
      .description(description)
      .addOption(new Option('--expires <duration>', 'from 1s to 7d').default('15m'))
      .option('--endpoint <url>', 'the gateway as the user of the link reaches it')
      .option('--access-key <id>', "key that signs (default: the root user's oldest)")
      .option('--version-id <id>', 'that version instead of the current one')
      .option(
        '--header <name: value...>',
        'headers to sign: x-amz-* become part of the link, others have to be sent with it',
      )
      .action(command(presign(method)));
  }
}
