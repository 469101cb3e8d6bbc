import { randomBytes, randomInt } from 'node:crypto';
import type { ObjectIndex } from '../object-index/object-index.ts';
import type { AccessKey, User } from '../object-index/records.ts';
import { GatewayError } from './errors.ts';
import type { SecretBox } from './secrets.ts';
import type { Caller } from './services.ts';

/** What a client signs with. */
export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A key pair's secret, and who signs with it. */
export interface Credentials {
  readonly secretAccessKey: string;
  readonly caller: Caller;
}

const rootName = 'root';
const accessKeyIdLength = 20;
const secretAccessKeyLength = 40;
const upperCaseAndDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const lettersAndDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** IAM's rule for user names. */
const userNamePattern = /^[A-Za-z0-9_+=,.@-]{1,64}$/;
/** No `/`, `,` or `=`: the id stands in a credential scope and in a header's list. */
const accessKeyIdPattern = /^[A-Za-z0-9_.-]{3,128}$/;
const secretAccessKeyPattern = /^[\x21-\x7e]{8,128}$/;

/** Opened secrets kept in memory, so that a request costs no decryption. */
const openedSecretsMax = 1000;

/** Users and their access keys. Secrets are sealed at rest and never logged. */
export class AccessKeys {
  readonly #index: ObjectIndex;
  readonly #secrets: SecretBox;
  readonly #now: () => number;
  /** By access key id and sealed secret: a replaced or removed key never finds its old entry. */
  readonly #opened = new Map<string, string>();

  constructor(options: {
    readonly index: ObjectIndex;
    readonly secrets: SecretBox;
    readonly now: () => number;
  }) {
    this.#index = options.index;
    this.#secrets = options.secrets;
    this.#now = options.now;
  }

  /** Null when there is no such key. Throws `SecretError` when its secret does not open. */
  async findCredentials(accessKeyId: string): Promise<Credentials | null> {
    const found = await this.#index.findAccessKey(accessKeyId);
    if (!found) return null;
    const { key, user } = found;
    return {
      secretAccessKey: this.#open(key),
      caller: callerOf(user, accessKeyId),
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

  /** Throws `NoSuchEntity`. Requests that come after it resolved are refused. */
  async removeKey(accessKeyId: string): Promise<void> {
    if (!(await this.#index.removeAccessKey(accessKeyId))) {
      throw new GatewayError('NoSuchEntity', { message: `There is no access key ${accessKeyId}.` });
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
export function callerOf(user: User, accessKeyId = ''): Caller {
  const { id: userId, name: userName, isRoot } = user;
  return { userId, userName, isRoot, isAnonymous: false, policies: [], accessKeyId };
}

function noSuchUser(name: string): GatewayError {
  return new GatewayError('NoSuchEntity', { message: `There is no user ${name}.` });
}

function checkKeyPair(pair: KeyPair): void {
  if (!accessKeyIdPattern.test(pair.accessKeyId)) {
    throw new GatewayError('InvalidArgument', {
      message: 'An access key id has 3 to 128 letters, digits and characters of _.- only.',
      ArgumentName: 'AccessKeyId',
    });
  }
  if (!secretAccessKeyPattern.test(pair.secretAccessKey)) {
    throw new GatewayError('InvalidArgument', {
      message: 'A secret access key has 8 to 128 printable ASCII characters without spaces.',
      ArgumentName: 'SecretAccessKey',
    });
  }
}

function randomKeyPair(): KeyPair {
  return {
    accessKeyId: randomText(upperCaseAndDigits, accessKeyIdLength),
    secretAccessKey: randomText(lettersAndDigits, secretAccessKeyLength),
  };
}

function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}
