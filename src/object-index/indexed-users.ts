import type { AccessKey, AccessKeyChange, User, UserPolicy } from './user-records.ts';

/** Users, their access keys and policies. Part of `ObjectIndex`, whose promises hold. */
export interface IndexedUsers {
  createUser(user: User): Promise<'created' | 'name-taken'>;
  findUser(id: string): Promise<User | null>;
  findUserByName(name: string): Promise<User | null>;
  listUsers(): Promise<readonly User[]>;
  /** Its access keys and policies go with it; refused while it owns buckets, and for root. */
  removeUser(id: string): Promise<'removed' | 'no-such-user' | 'owns-buckets' | 'is-root'>;
  /** Replaces the secret when that access key belongs to the same user already. */
  putAccessKey(key: AccessKey): Promise<'stored' | 'belongs-to-another-user'>;
  /** With its user, and the policies that bound it in order of name. */
  findAccessKey(
    accessKeyId: string,
  ): Promise<{ key: AccessKey; user: User; policies: readonly UserPolicy[] } | null>;
  listAccessKeys(userId: string | null): Promise<readonly AccessKey[]>;
  removeAccessKey(accessKeyId: string): Promise<boolean>;
  /** Null when there is no such key; else the key as it is now. */
  changeAccessKey(accessKeyId: string, change: AccessKeyChange): Promise<AccessKey | null>;

  /** Replaces the policy of that name; ten at most. */
  putUserPolicy(
    userId: string,
    policy: Pick<UserPolicy, 'name' | 'document'>,
  ): Promise<'stored' | 'no-such-user' | 'is-root' | 'too-many'>;
  /** False when the user has no policy of that name. */
  removeUserPolicy(userId: string, name: string): Promise<boolean>;
  listUserPolicies(userId: string): Promise<readonly UserPolicy[]>;
}
