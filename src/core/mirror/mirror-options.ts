import type { Bucket } from '../../object-index/records.ts';
import type { Caller } from '../services.ts';
import type { MirrorSource } from './mirror-source.ts';

export interface MirrorFailure {
  readonly key: string;
  readonly problem: string;
}

export interface MirrorOptions {
  readonly bucket: Bucket;
  readonly source: MirrorSource;
  /** Who deletes. */
  readonly caller: Caller;
  /** What stands before the keys at the source, and what comes in its place here. */
  readonly sourcePrefix: string;
  readonly prefix: string;
  /** Objects at a time. */
  readonly concurrency: number;
  readonly replacesNewer: boolean;
  readonly deletesExtra: boolean;
  /** Only says what it would do. */
  readonly isDryRun: boolean;
  readonly onLook: () => void;
}
