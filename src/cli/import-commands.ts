import type { Command } from 'commander';
import { command } from './command.ts';
import { exportObjects } from './export.ts';
import { importFiles } from './import.ts';

export function addImportCommands(program: Command): void {
  program
    .command('import <bucket> <sources...>')
    .description('give files that are on FastDFS already keys; no byte is copied')
    .option(
      '--format <format>',
      'list (file IDs, or find data -type f), csv (key,file ID), jsonl (of an export) or binlog; ' +
        "by the source's name when left out",
    )
    .option('--group <name>', 'group of a binlog, or of a listing of paths')
    .option('--store-path <index>', 'store path of a listing of paths: 0 for store_path0')
    .option(
      '--key <template>',
      'keys of files that have none: {id}, {path}, {name}, {group}, {ext}, {yyyy}, {mm}, {dd} (default: {id})',
    )
    .option('--prefix <text>', 'in front of all keys')
    .option('--owner <user>', "whose the objects are (default: the bucket's owner)")
    .option(
      '--on-conflict <policy>',
      'where a key has another object: skip, overwrite or fail (default: skip)',
    )
    .option('--check', 'ask the storage servers for every file')
    .option(
      '--written-elsewhere',
      'also new files without extension: you know that they are not by this gateway',
    )
    .option('--md5', 'read every file for its MD5, which becomes the ETag')
    .option('--concurrency <number>', 'files that are asked for or read at once (default: 16)')
    .option('--rate <files>', 'files per second that are asked for')
    .option('--bandwidth <size>', 'bytes per second that are read: 50MiB')
    .option('--dry-run', 'only tell what would be done')
    .option('--restart', 'from the beginning, not where the last run was stopped')
    .option('--problems <file>', 'all rows that did not get their key, as lines of JSON')
    .action(command(importFiles));
  program
    .command('export <bucket>')
    .description('write which files a bucket is made of, in the order of keys')
    .option('--format <format>', 'csv (key,file ID) or jsonl (all of every object) (default: csv)')
    .option('--prefix <text>', 'only keys that begin so')
    .option('--after <key>', 'only keys behind this one')
    .option('--out <file>', 'write a new file instead of standard output')
    .action(command(exportObjects));
}
