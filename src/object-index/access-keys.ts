import { all, get, run, type Statements, type WriteContext } from './statements.ts';
import { listUserPolicies } from './user-policies.ts';
import type { AccessKey, AccessKeyChange, User, UserPolicy } from './user-records.ts';

interface UserRow {
  readonly id: string;
  readonly name: string;
  readonly is_root: number;
  readonly created_at_ms: number;
}

interface AccessKeyRow {
  readonly access_key_id: string;
  readonly user_id: string;
  readonly secret_encrypted: Uint8Array;
  readonly created_at_ms: number;
  readonly is_active: number;
  readonly expires_at_ms: number | null;
}

const userColumns = 'id, name, is_root, created_at_ms';
const accessKeyColumns = `access_key_id, user_id, secret_encrypted, created_at_ms, is_active,
  expires_at_ms`;

/** `name-taken` also when a second root is asked for. */
export function* createUser(
  _context: WriteContext,
  user: User,
): Statements<'created' | 'name-taken'> {
  const inserted = yield* run(
    `INSERT INTO users (${userColumns}) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    [user.id, user.name, user.isRoot ? 1 : 0, user.createdAtMs],
  );
  return inserted === 1 ? 'created' : 'name-taken';
}

export function* findUser(id: string): Statements<User | null> {
  const row = yield* get<UserRow>(`SELECT ${userColumns} FROM users WHERE id = ?`, [id]);
  return row ? toUser(row) : null;
}

export function* findUserByName(name: string): Statements<User | null> {
  const row = yield* get<UserRow>(`SELECT ${userColumns} FROM users WHERE name = ?`, [name]);
  return row ? toUser(row) : null;
}

export function* listUsers(): Statements<readonly User[]> {
  const rows = yield* all<UserRow>(`SELECT ${userColumns} FROM users ORDER BY name`, []);
  return rows.map(toUser);
}

export function* removeUser(
  _context: WriteContext,
  id: string,
): Statements<'removed' | 'no-such-user' | 'owns-buckets' | 'is-root'> {
  const user = yield* findUser(id);
  if (!user) return 'no-such-user';
  if (user.isRoot) return 'is-root';
  if (yield* get('SELECT 1 FROM buckets WHERE owner_id = ? LIMIT 1', [id])) return 'owns-buckets';
  yield* run('DELETE FROM access_keys WHERE user_id = ?', [id]);
  yield* run('DELETE FROM user_policies WHERE user_id = ?', [id]);
  yield* run('DELETE FROM users WHERE id = ?', [id]);
  return 'removed';
}

export function* putAccessKey(
  _context: WriteContext,
  key: AccessKey,
): Statements<'stored' | 'belongs-to-another-user'> {
  const written = yield* run(
    `INSERT INTO access_keys (${accessKeyColumns}) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (access_key_id) DO UPDATE SET secret_encrypted = excluded.secret_encrypted,
          is_active = excluded.is_active, expires_at_ms = excluded.expires_at_ms
        WHERE access_keys.user_id = excluded.user_id`,
    [
      key.accessKeyId,
      key.userId,
      key.secretEncrypted,
      key.createdAtMs,
      key.isActive ? 1 : 0,
      key.expiresAtMs,
    ],
  );
  return written === 1 ? 'stored' : 'belongs-to-another-user';
}

export function* findAccessKey(
  accessKeyId: string,
): Statements<{ key: AccessKey; user: User; policies: readonly UserPolicy[] } | null> {
  const row = yield* get<AccessKeyRow & { name: string; is_root: number; user_created: number }>(
    `SELECT k.access_key_id, k.user_id, k.secret_encrypted, k.created_at_ms, k.is_active,
        k.expires_at_ms, u.name, u.is_root, u.created_at_ms AS user_created
      FROM access_keys k JOIN users u ON u.id = k.user_id WHERE k.access_key_id = ?`,
    [accessKeyId],
  );
  if (!row) return null;
  const { user_id: id, name, is_root, user_created: created_at_ms } = row;
  const policies = yield* listUserPolicies(id);
  return { key: toAccessKey(row), user: toUser({ id, name, is_root, created_at_ms }), policies };
}

export function* listAccessKeys(userId: string | null): Statements<readonly AccessKey[]> {
  const rows = yield* all<AccessKeyRow>(
    `SELECT ${accessKeyColumns} FROM access_keys ${userId === null ? '' : 'WHERE user_id = ?'}
      ORDER BY access_key_id`,
    userId === null ? [] : [userId],
  );
  return rows.map(toAccessKey);
}

export function* removeAccessKey(_context: WriteContext, accessKeyId: string): Statements<boolean> {
  const removed = yield* run('DELETE FROM access_keys WHERE access_key_id = ?', [accessKeyId]);
  return removed === 1;
}

export function* changeAccessKey(
  _context: WriteContext,
  accessKeyId: string,
  { isActive, expiresAtMs }: AccessKeyChange,
): Statements<AccessKey | null> {
  const row = yield* get<AccessKeyRow>(
    `SELECT ${accessKeyColumns} FROM access_keys WHERE access_key_id = ?`,
    [accessKeyId],
  );
  if (!row) return null;
  const key = toAccessKey(row);
  const changed = {
    ...key,
    isActive: isActive ?? key.isActive,
    expiresAtMs: expiresAtMs === undefined ? key.expiresAtMs : expiresAtMs,
  };
  yield* run('UPDATE access_keys SET is_active = ?, expires_at_ms = ? WHERE access_key_id = ?', [
    changed.isActive ? 1 : 0,
    changed.expiresAtMs,
    accessKeyId,
  ]);
  return changed;
}

function toUser(row: UserRow): User {
  return {
    id: row.id,
    name: row.name,
    isRoot: row.is_root === 1,
    createdAtMs: row.created_at_ms,
  };
}

function toAccessKey(row: AccessKeyRow): AccessKey {
  return {
    accessKeyId: row.access_key_id,
    userId: row.user_id,
    secretEncrypted: Buffer.from(row.secret_encrypted),
    createdAtMs: row.created_at_ms,
    isActive: row.is_active === 1,
    expiresAtMs: row.expires_at_ms,
  };
}
