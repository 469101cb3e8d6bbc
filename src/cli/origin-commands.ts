import { type Command, Option } from 'commander';
import { removeBucketOrigin, setBucketOrigin, showBucketOrigin } from './bucket-origins.ts';
import { command } from './command.ts';
import { mirror } from './mirror.ts';

/** `bucket origin set|show|remove` */
export function addOriginCommands(origin: Command): void {
  origin
    .command('set <bucket> <url>')
    .description('fetch what is missing from a web server, a Kodo domain or another S3')
    .option('--type <type>', 's3, qiniu or http (default: s3 with --bucket, else http)')
    .option('--bucket <name>', 'bucket of the other S3, whose endpoint is the URL')
    .option('--prefix <prefix>', 'comes before each key at the origin')
    .option('--region <region>', 'of the other S3 (default: us-east-1)')
    .option('--virtual-host', 'the bucket is part of the host name of the other S3')
    .option('--access-key <id>', 'signs requests to S3, or links to private files of Kodo')
    .option('--secret-key <secret>', 'that goes with it; kept encrypted')
    .option('--miss-ttl <duration>', 'how long a missing key is not asked for again (default: 10s)')
    .option('--max-size <size>', 'of objects that are fetched (default: 5GiB)')
    .action(command(setBucketOrigin));
  origin.command('show <bucket>').description('show it').action(command(showBucketOrigin));
  origin
    .command('remove <bucket>')
    .description('fetch nothing any more; what was fetched stays')
    .action(command(removeBucketOrigin));
}

export function addMirrorCommand(program: Command): void {
  program
    .command('mirror <source> <bucket>')
    .description('copy a bucket of another S3 in: https://HOST/BUCKET/PREFIX, or origin')
    .option('--access-key <id>', 'of the other S3 (default: unsigned requests)')
    .option('--secret-key <secret>', 'that goes with it')
    .addOption(new Option('--region <region>', 'of the other S3').default('us-east-1'))
    .option('--virtual-host', 'the bucket is part of the host name of the other S3')
    .addOption(new Option('--to-prefix <prefix>', 'in the place of PREFIX here').default(''))
    .addOption(new Option('--concurrency <number>', 'objects at a time').default('8'))
    .option('--tags', 'tags, too: one more request for each object')
    .option('--overwrite', 'also what was written here later than there')
    .option('--delete', 'delete what the source does not have')
    .option('--dry-run', 'only say what would be done')
    .option('--restart', 'from the beginning, not where the last run was stopped')
    .action(command(mirror));
}
