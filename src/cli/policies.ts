import { readFileSync } from 'node:fs';
import type { Config } from '../config.ts';
import { getBucket } from '../core/access/access.ts';
import { anonymousCaller } from '../core/access/anonymous.ts';
import { type CoveringStatement, explainAccess } from '../core/access/explain-access.ts';
import { s3Actions } from '../core/access/policy/actions.ts';
import { conditionName, findConditionKey } from '../core/access/policy/condition-keys.ts';
import { parsePolicy } from '../core/access/policy/parse-policy.ts';
import {
  attachPolicy as attach,
  detachPolicy as detach,
  getUser,
  listPolicies,
} from '../core/access/user-policies.ts';
import { callerOf } from '../core/access-keys.ts';
import { GatewayError } from '../core/errors.ts';
import type { Caller } from '../core/services.ts';
import type { ObjectIndex } from '../object-index/object-index.ts';
import type { CommandContext, CommandOutput } from './command.ts';
import { UsageError } from './failures.ts';
import { renderTable } from './table.ts';

export async function listUserPolicies(
  { services }: CommandContext,
  userName: string,
): Promise<CommandOutput> {
  const policies = (await listPolicies(services.core.index, userName)).map((policy) => ({
    name: policy.name,
    updatedAt: new Date(policy.updatedAtMs).toISOString(),
  }));
  const rows = policies.map(({ name, updatedAt }) => [name, updatedAt]);
  return { json: policies, text: renderTable(['POLICY', 'ATTACHED'], rows) };
}

export async function attachUserPolicy(
  { services }: CommandContext,
  userName: string,
  name: string,
  { file }: { readonly file?: string },
): Promise<CommandOutput> {
  const document = file === undefined ? null : readDocument(file);
  await attach(services.core.index, userName, name, document);
  return {
    json: { user: userName, policy: name },
    text: `Policy ${name} bounds user ${userName} from now on.`,
  };
}

export async function detachUserPolicy(
  { services }: CommandContext,
  userName: string,
  name: string,
): Promise<CommandOutput> {
  const { index } = services.core;
  await detach(index, userName, name);
  const left = (await listPolicies(index, userName)).length;
  const bounds = left === 0 ? 'No policy bounds it any more.' : `Others left: ${left}.`;
  return {
    json: { user: userName, detached: name, left },
    text: `Detached policy ${name} from user ${userName}. ${bounds}`,
  };
}

export async function showUserPolicy(
  { services }: CommandContext,
  userName: string,
  name: string,
): Promise<CommandOutput> {
  const policies = await listPolicies(services.core.index, userName);
  const policy = policies.find((one) => one.name === name);
  if (!policy) {
    throw new GatewayError('NoSuchEntity', { message: `User ${userName} has no policy ${name}.` });
  }
  const document: unknown = JSON.parse(policy.document);
  return { json: document, text: JSON.stringify(document, null, 2) };
}

/** Reads a policy as the gateway would; the bucket's kind names principals, the user's does not. */
export async function checkPolicy(_config: Config, file: string): Promise<CommandOutput> {
  const text = readDocument(file);
  const isOfBucket = /"(Not)?Principal"/.test(text);
  const { statements } = parsePolicy(text, isOfBucket ? 'bucket' : 'identity');
  const kind = isOfBucket ? 'bucket' : 'identity';
  return {
    json: { kind, statements: statements.length },
    text: `A well-formed ${kind} policy of ${statements.length} statements.`,
  };
}

export async function explainPolicy(
  { services }: CommandContext,
  userName: string,
  action: string,
  resource: string,
  { condition = [] }: { readonly condition?: readonly string[] },
): Promise<CommandOutput> {
  if (!s3Actions.has(action)) throw new UsageError(`${action} is no action of S3.`);
  const { core } = services;
  const { bucketName, key } = parseResource(resource);
  const creates = action === 's3:CreateBucket' || bucketName === null;
  const bucket = creates ? null : await getBucket(core, bucketName ?? '');
  const caller = await findCaller(core.index, userName);
  const conditions = parseConditions(condition);
  const explanation = await explainAccess(core, caller, action, {
    ...{ bucket, bucketName, key, conditions },
  });
  const { verdict, reason, statements } = explanation;
  const rows = statements.map(rowOf);
  const table = rows.length > 0 ? `\n\n${renderTable(columns, rows)}` : '';
  return {
    json: { user: userName, action, ...explanation },
    text: `${verdict}: ${reason}${table}`,
  };
}

const columns = ['POLICY', 'STATEMENT', 'SID', 'EFFECT'];

function rowOf({ policy, isOfBucket, number, sid, effect }: CoveringStatement) {
  return [isOfBucket ? 'of the bucket' : policy, number, sid ?? '', effect];
}

/** `anonymous` is who does not sign. */
async function findCaller(index: ObjectIndex, userName: string): Promise<Caller> {
  const isAnonymous = userName === anonymousCaller.userName;
  if (isAnonymous && !(await index.findUserByName(userName))) return anonymousCaller;
  const user = await getUser(index, userName);
  return callerOf(user, { policies: await index.listUserPolicies(user.id) });
}

/** `photos`, `photos/cat.jpg`, either after `arn:aws:s3:::`; `*` for what belongs to no bucket. */
function parseResource(text: string): {
  readonly bucketName: string | null;
  readonly key: string | null;
} {
  const path = text.replace(/^arn:aws:s3:::/, '');
  if (path === '*' || path === '') return { bucketName: null, key: null };
  const slash = path.indexOf('/');
  if (slash === -1) return { bucketName: path, key: null };
  return { bucketName: path.slice(0, slash), key: path.slice(slash + 1) || null };
}

/** `aws:SourceIp=10.0.0.1`; a key that is given several times has several values. */
function parseConditions(texts: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const values = new Map<string, string[]>();
  for (const text of texts) {
    const equals = text.indexOf('=');
    const name = text.slice(0, equals);
    if (equals === -1 || findConditionKey(name) === null) {
      throw new UsageError(`--condition ${text} is no KEY=VALUE with a condition key of S3.`);
    }
    const known = values.get(conditionName(name)) ?? [];
    values.set(conditionName(name), [...known, text.slice(equals + 1)]);
  }
  return Object.fromEntries(values);
}

function readDocument(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : ''}`);
  }
}
