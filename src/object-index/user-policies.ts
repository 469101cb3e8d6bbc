import { all, get, run, type Statements, type WriteContext } from './statements.ts';
import type { UserPolicy } from './user-records.ts';

/** As many as AWS lets one attach to a user; each request of the user is checked by all of them. */
const userPoliciesMax = 10;

interface UserPolicyRow {
  readonly name: string;
  readonly document: string;
  readonly updated_at_ms: number;
}

/** Replaces the user's policy of that name. Root is bound by none. */
export function* putUserPolicy(
  { nowMs }: WriteContext,
  userId: string,
  { name, document }: Pick<UserPolicy, 'name' | 'document'>,
): Statements<'stored' | 'no-such-user' | 'is-root' | 'too-many'> {
  const user = yield* get<{ readonly is_root: number }>('SELECT is_root FROM users WHERE id = ?', [
    userId,
  ]);
  if (!user) return 'no-such-user';
  if (user.is_root === 1) return 'is-root';
  const others = yield* get<{ readonly count: number }>(
    'SELECT COUNT(*) AS count FROM user_policies WHERE user_id = ? AND name <> ?',
    [userId, name],
  );
  if (Number(others?.count ?? 0) >= userPoliciesMax) return 'too-many';
  yield* run(
    `INSERT INTO user_policies (user_id, name, document, updated_at_ms) VALUES (?, ?, ?, ?)
      ON CONFLICT (user_id, name) DO UPDATE
        SET document = excluded.document, updated_at_ms = excluded.updated_at_ms`,
    [userId, name, document, nowMs],
  );
  return 'stored';
}

/** False when the user has no policy of that name. */
export function* removeUserPolicy(
  _context: WriteContext,
  userId: string,
  name: string,
): Statements<boolean> {
  const removed = yield* run('DELETE FROM user_policies WHERE user_id = ? AND name = ?', [
    userId,
    name,
  ]);
  return removed === 1;
}

/** In order of name. */
export function* listUserPolicies(userId: string): Statements<readonly UserPolicy[]> {
  const rows = yield* all<UserPolicyRow>(
    'SELECT name, document, updated_at_ms FROM user_policies WHERE user_id = ? ORDER BY name',
    [userId],
  );
  return rows.map(({ name, document, updated_at_ms }) => ({
    name,
    document,
    updatedAtMs: updated_at_ms,
  }));
}
