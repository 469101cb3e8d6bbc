import type { KeyPair } from '../core/key-pairs.ts';
import type { AccessKey, AccessKeyChange } from '../object-index/user-records.ts';
import { parseDuration } from '../support/units.ts';
import type { CommandContext, CommandOutput } from './command.ts';
import { UsageError } from './failures.ts';
import { renderTable } from './table.ts';

/** Options of commands that make a key; both or neither. */
export interface KeyOptions {
  readonly accessKey?: string;
  readonly secretKey?: string;
}

function keyPairOf({ accessKey, secretKey }: KeyOptions): KeyPair | null {
  if (accessKey === undefined && secretKey === undefined) return null;
  if (accessKey === undefined || secretKey === undefined) {
    throw new UsageError('--access-key and --secret-key must be given together.');
  }
  return { accessKeyId: accessKey, secretAccessKey: secretKey };
}

const isoTime = (ms: number) => new Date(ms).toISOString();

function renderNewKey(userName: string, pair: KeyPair): CommandOutput {
  return {
    json: { userName, ...pair },
    text: [
      `User        ${userName}`,
      `Access key  ${pair.accessKeyId}`,
      `Secret key  ${pair.secretAccessKey}`,
      '',
      'The secret is not shown again.',
    ].join('\n'),
  };
}

export async function addUser(
  { services: { accessKeys } }: CommandContext,
  name: string,
  options: KeyOptions,
): Promise<CommandOutput> {
  const wanted = keyPairOf(options);
  await accessKeys.createUser(name);
  try {
    return renderNewKey(name, await accessKeys.addKey(name, wanted));
  } catch (error) {
    // A user without the key that was asked for would only be in the way of the next try.
    await accessKeys.removeUser(name);
    throw error;
  }
}

export async function listUsers({ services }: CommandContext): Promise<CommandOutput> {
  const keys = await services.accessKeys.listKeys(null);
  const users = (await services.accessKeys.listUsers()).map((user) => ({
    name: user.name,
    id: user.id,
    isRoot: user.isRoot,
    accessKeys: keys.filter((key) => key.userId === user.id).length,
    createdAt: isoTime(user.createdAtMs),
  }));
  const rows = users.map((user) => [user.name, user.accessKeys, user.createdAt, user.id]);
  return { json: users, text: renderTable(['NAME', 'KEYS', 'CREATED', 'ID'], rows) };
}

export async function removeUser(
  { services }: CommandContext,
  name: string,
): Promise<CommandOutput> {
  await services.accessKeys.removeUser(name);
  return { json: { removed: name }, text: `Removed user ${name} and its keys.` };
}

export async function addKey(
  { services }: CommandContext,
  userName: string,
  options: KeyOptions,
): Promise<CommandOutput> {
  return renderNewKey(userName, await services.accessKeys.addKey(userName, keyPairOf(options)));
}

export async function listKeys(
  { services: { accessKeys } }: CommandContext,
  userName: string | undefined,
): Promise<CommandOutput> {
  const names = new Map((await accessKeys.listUsers()).map((user) => [user.id, user.name]));
  const keys = (await accessKeys.listKeys(userName ?? null)).map((key) => ({
    accessKeyId: key.accessKeyId,
    userName: names.get(key.userId) ?? key.userId,
    createdAt: isoTime(key.createdAtMs),
    ...statusOf(key),
  }));
  const rows = keys.map((key) => [
    ...[key.accessKeyId, key.userName, key.createdAt],
    ...[key.status, key.expiresAt ?? 'never'],
  ]);
  const columns = ['ACCESS KEY', 'USER', 'CREATED', 'STATUS', 'EXPIRES'];
  return { json: keys, text: renderTable(columns, rows) };
}

function statusOf({ isActive, expiresAtMs }: AccessKey) {
  const isExpired = expiresAtMs !== null && expiresAtMs <= Date.now();
  return {
    status: isActive ? (isExpired ? 'expired' : 'active') : 'inactive',
    expiresAt: expiresAtMs === null ? null : isoTime(expiresAtMs),
  };
}

export interface KeyChangeOptions {
  readonly active?: boolean;
  readonly inactive?: boolean;
  readonly expires?: string;
}

export async function updateKey(
  { services }: CommandContext,
  accessKeyId: string,
  { active = false, inactive = false, expires }: KeyChangeOptions,
): Promise<CommandOutput> {
  if (active && inactive) throw new UsageError('--active and --inactive exclude each other.');
  if (!active && !inactive && expires === undefined) {
    throw new UsageError('Give --active, --inactive or --expires.');
  }
  const change: AccessKeyChange = {
    ...(active || inactive ? { isActive: active } : {}),
    ...(expires === undefined ? {} : { expiresAtMs: parseExpiry(expires) }),
  };
  const { status, expiresAt } = statusOf(await services.accessKeys.changeKey(accessKeyId, change));
  return {
    json: { accessKeyId, status, expiresAt },
    text: `Access key ${accessKeyId} is ${status} and expires ${expiresAt ?? 'never'}.`,
  };
}

/** `never`, a time from now, or a date of ISO 8601. */
function parseExpiry(text: string): number | null {
  if (text === 'never') return null;
  const durationMs = parseDuration(text);
  if (durationMs !== null) return Date.now() + durationMs;
  const isDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const ms = isDate ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new UsageError('--expires takes a duration (90d), a date (2027-01-31) or never.');
}

export async function removeKey(
  { services }: CommandContext,
  accessKeyId: string,
): Promise<CommandOutput> {
  await services.accessKeys.removeKey(accessKeyId);
  return { json: { removed: accessKeyId }, text: `Removed access key ${accessKeyId}.` };
}
