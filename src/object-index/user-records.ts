/** Who may use the gateway, as values. Times are milliseconds since 1970. */

export interface User {
  readonly id: string;
  readonly name: string;
  /** Root may use every bucket; there is exactly one. */
  readonly isRoot: boolean;
  readonly createdAtMs: number;
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly userId: string;
  /** Encrypted; see `core/secrets.ts`. */
  readonly secretEncrypted: Buffer;
  readonly createdAtMs: number;
  /** Requests signed with an inactive key are refused. */
  readonly isActive: boolean;
  /** Null is never. */
  readonly expiresAtMs: number | null;
}

/** What becomes of a key that stays; undefined is left as it is. */
export interface AccessKeyChange {
  readonly isActive?: boolean;
  readonly expiresAtMs?: number | null;
}

/** A policy attached to a user. */
export interface UserPolicy {
  readonly name: string;
  /** JSON in AWS's policy language. */
  readonly document: string;
  readonly updatedAtMs: number;
}
