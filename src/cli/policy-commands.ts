import type { Command } from 'commander';
import { command, plainCommand } from './command.ts';
import {
  attachUserPolicy,
  checkPolicy,
  detachUserPolicy,
  explainPolicy,
  listUserPolicies,
  showUserPolicy,
} from './policies.ts';

export function addUserPolicyCommands(policy: Command): void {
  policy
    .command('list <user>')
    .description('policies attached to a user')
    .action(command(listUserPolicies));
  policy
    .command('attach <user> <policy>')
    .description('bound a user by readonly, readwrite, writeonly, or a policy of your own')
    .option('--file <file>', 'JSON in the policy language of AWS, kept under that name')
    .action(command(attachUserPolicy));
  policy
    .command('detach <user> <policy>')
    .description('take a policy away from a user; without any it may use all that it owns')
    .action(command(detachUserPolicy));
  policy
    .command('show <user> <policy>')
    .description('print a policy of a user')
    .action(command(showUserPolicy));
}

export function addPolicyCommands(policy: Command): void {
  policy
    .command('explain <user> <action> <resource>')
    .description('say whether a user (or anonymous) may do that, and what decides')
    .option(
      '--condition <key=value>',
      'what the request says, such as aws:SourceIp=10.0.0.1; may be repeated',
      (value: string, others: readonly string[] = []) => [...others, value],
    )
    .addHelpText(
      'after',
      '\nThe resource is a bucket, a bucket and a key (photos/cat.jpg), or an ARN.',
    )
    .action(command(explainPolicy));
  policy
    .command('check <file>')
    .description('read a policy as the gateway would, and say what is wrong with it')
    .action(plainCommand(checkPolicy));
}
