import { BucketSetting } from './bucket-settings.ts';

/**
 * What becomes of objects by themselves whose keys begin with a prefix. Days count from the last
 * write; 0 is never.
 */
export interface ExpiryRule {
  /** Unique in its bucket. */
  readonly name: string;
  readonly prefix: string;
  readonly deleteAfterDays: number;
  /** Days until a change of storage class, by the name Kodo gives it. Nothing changes it yet. */
  readonly transitions: Readonly<Record<string, number>>;
  readonly createdAtMs: number;
}

/** Rules of a bucket, oldest first. */
export const expiryRules = new BucketSetting<readonly ExpiryRule[]>('expiryRules');
