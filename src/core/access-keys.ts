import { randomBytes } from 'node:crypto';
import type { ObjectIndex } from '../object-index/object-index.ts';
import type { AccessKey, AccessKeyChange, User } from '../object-index/user-records.ts';
import type { Logger } from '../support/logger.ts';
import { GatewayError } from './errors.ts';
import { checkKeyPair, type KeyPair, randomKeyPair } from './key-pairs.ts';
import type { SecretBox } from './secrets.ts';
import type { Caller } from './services.ts';

/** A key pair's secret, and who signs with it. */
export interface Credentials {
  readonly secretAccessKey: string;
  readonly caller: Caller;
}

/** Null when there is no such key that counts now. */
export type FindCredentials = (accessKeyId: string) => Promise<Credentials | null>;

const rootName = 'root';
/** IAM's rule for user names. */
const userNamePattern = /^[A-Za-z0-9_+=,.@-]{1,64}$/;
/** Opened secrets kept in memory, so that a request costs no decryption. */
const openedSecretsMax = 1000;

/** Users and their access keys. Secrets are sealed at rest and never logged. */
export class AccessKeys {
  readonly #index: ObjectIndex;
  readonly #secrets: SecretBox;
  readonly #now: () => number;
  readonly #logger: Logger | null;
  /** By access key id and sealed secret: a replaced or removed key never finds its old entry. */
  readonly #opened = new Map<string, string>();

  constructor(options: {
    readonly index: ObjectIndex;
    readonly secrets: SecretBox;
    readonly now: () => number;
    readonly logger?: Logger;
  }) {
    this.#logger = options.logger ?? null;
    this.#index = options.index;
    this.#secrets = options.secrets;
    this.#now = options.now;
  }

  /** Null when there is no such key, or it does not count now. Throws `SecretError` when its secret does not open. */
  async findCredentials(accessKeyId: string): Promise<Credentials | null> {
    const found = await this.#index.findAccessKey(accessKeyId);
    if (!found) return null;
    const { key, user, policies } = found;
    const problem = problemOf(key, this.#now());
    if (problem !== null) {
      // The client is told what a key gets that never was, as AWS does it.
      this.#logger?.info({ accessKeyId, user: user.name }, `request refused: ${problem}`);
      return null;
    }
    return {
      secretAccessKey: this.#open(key),
      caller: callerOf(user, { accessKeyId, policies }),
    };
  }

  /**
   * Makes sure that there is a root user with a key. A configured pair becomes one of root's keys
   * (others stay valid until removed); without one, a random pair is made for a root that has
   * none. Resolves to that random pair, which is to be printed once, or to null. `keep` writes the
   * pair down before it counts: a crash in between must not leave a key that nobody knows.
   */
  async ensureRoot(
    configured: KeyPair | null,
    keep: (pair: KeyPair) => void = () => {},
  ): Promise<KeyPair | null> {
    const root = await this.#findOrCreateRoot();
    const keys = await this.#index.listAccessKeys(root.id);
    if (!configured) {
      if (keys.length > 0) return null;
      const pair = randomKeyPair();
      keep(pair);
      return await this.addKey(root.name, pair);
    }
    const current = keys.find((key) => key.accessKeyId === configured.accessKeyId);
    if (!current || !this.#opensTo(current, configured.secretAccessKey)) {
      await this.addKey(root.name, configured);
    }
    return null;
  }

  /** Throws `InvalidArgument` or `EntityAlreadyExists`. */
  async createUser(name: string): Promise<User> {
    return await this.#createUser(name, false);
  }

  async listUsers(): Promise<readonly User[]> {
    return await this.#index.listUsers();
  }

  /** Its keys go with it. Throws `NoSuchEntity`; `DeleteConflict` while it owns buckets or is root. */
  async removeUser(name: string): Promise<void> {
    const user = await this.#getUser(name);
    const outcome = await this.#index.removeUser(user.id);
    if (outcome === 'no-such-user') throw noSuchUser(name);
    if (outcome === 'owns-buckets') {
      throw new GatewayError('DeleteConflict', { message: `User ${name} still owns buckets.` });
    }
    if (outcome === 'is-root') {
      throw new GatewayError('DeleteConflict', { message: 'The root user cannot be removed.' });
    }
  }

  /**
   * Gives a user the pair, or a random one when null. The same access key id with another secret
   * replaces the secret. Throws `NoSuchEntity`, `InvalidArgument`, or `EntityAlreadyExists` when
   * the id belongs to another user.
   */
  async addKey(userName: string, pair: KeyPair | null): Promise<KeyPair> {
    const user = await this.#getUser(userName);
    const keyPair = pair ?? randomKeyPair();
    checkKeyPair(keyPair);
    const outcome = await this.#index.putAccessKey({
      accessKeyId: keyPair.accessKeyId,
      userId: user.id,
      secretEncrypted: this.#secrets.seal(keyPair.secretAccessKey, keyPair.accessKeyId),
      createdAtMs: this.#now(),
      isActive: true,
      expiresAtMs: null,
    });
    if (outcome === 'belongs-to-another-user') {
      throw new GatewayError('EntityAlreadyExists', {
        message: `Access key ${keyPair.accessKeyId} belongs to another user.`,
      });
    }
    return keyPair;
  }

  /** Of one user, or of all when null. Throws `NoSuchEntity`. */
  async listKeys(userName: string | null): Promise<readonly AccessKey[]> {
    const userId = userName === null ? null : (await this.#getUser(userName)).id;
    return await this.#index.listAccessKeys(userId);
  }

  /** Throws `NoSuchEntity`. Requests that come after it resolved see it. */
  async changeKey(accessKeyId: string, change: AccessKeyChange): Promise<AccessKey> {
    const key = await this.#index.changeAccessKey(accessKeyId, change);
    if (!key) throw noSuchKey(accessKeyId);
    return key;
  }

  /** Throws `NoSuchEntity`. Requests that come after it resolved are refused. */
  async removeKey(accessKeyId: string): Promise<void> {
    if (!(await this.#index.removeAccessKey(accessKeyId))) {
      throw noSuchKey(accessKeyId);
    }
  }

  async #findOrCreateRoot(): Promise<User> {
    const root = (await this.#index.listUsers()).find((user) => user.isRoot);
    return root ?? (await this.#createUser(rootName, true));
  }

  async #createUser(name: string, isRoot: boolean): Promise<User> {
    if (!userNamePattern.test(name)) {
      throw new GatewayError('InvalidArgument', {
        message: 'A user name has 1 to 64 letters, digits and characters of _+=,.@- only.',
        ArgumentName: 'UserName',
        ArgumentValue: name,
      });
    }
    // 64 hexadecimal digits, as AWS's canonical user ids have.
    const id = randomBytes(32).toString('hex');
    const user = { id, name, isRoot, createdAtMs: this.#now() };
    if ((await this.#index.createUser(user)) === 'name-taken') {
      throw new GatewayError('EntityAlreadyExists', {
        message: `There is a user ${name} already.`,
      });
    }
    return user;
  }

  async #getUser(name: string): Promise<User> {
    const user = await this.#index.findUserByName(name);
    if (!user) throw noSuchUser(name);
    return user;
  }

  #open(key: AccessKey): string {
    const cacheKey = `${key.accessKeyId} ${key.secretEncrypted.toString('base64')}`;
    const known = this.#opened.get(cacheKey);
    if (known !== undefined) return known;
    const secret = this.#secrets.open(key.secretEncrypted, key.accessKeyId);
    // A Map keeps insertion order: the first entry is the oldest.
    for (const oldest of this.#opened.keys()) {
      if (this.#opened.size < openedSecretsMax) break;
      this.#opened.delete(oldest);
    }
    this.#opened.set(cacheKey, secret);
    return secret;
  }

  #opensTo(key: AccessKey, secret: string): boolean {
    try {
      return this.#open(key) === secret;
    } catch {
      // Sealed with a master key that is gone: the configured pair replaces it.
      return false;
    }
  }
}

/** A user as who it asks for something; without an access key where no request came. */
export function callerOf(
  user: User,
  {
    accessKeyId = '',
    policies = [],
  }: { readonly accessKeyId?: string; readonly policies?: Caller['policies'] } = {},
): Caller {
  const { id: userId, name: userName, isRoot } = user;
  return { userId, userName, isRoot, isAnonymous: false, policies, accessKeyId };
}

/** Why a key does not count; null when it does. */
function problemOf({ isActive, expiresAtMs }: AccessKey, nowMs: number): string | null {
  if (!isActive) return 'the access key is inactive';
  if (expiresAtMs === null || nowMs < expiresAtMs) return null;
  return `the access key expired at ${new Date(expiresAtMs).toISOString()}`;
}

function noSuchUser(name: string): GatewayError {
  return new GatewayError('NoSuchEntity', { message: `There is no user ${name}.` });
}

function noSuchKey(accessKeyId: string): GatewayError {
  return new GatewayError('NoSuchEntity', { message: `There is no access key ${accessKeyId}.` });
}
