import type { GatewayError } from '../errors.ts';
import type { SpoolFile } from './spool-file.ts';

/** What holds bytes of a spool, for as long as it lives. */
export interface SpoolShare {
  /** Throws `ServiceUnavailable` when that many bytes more are too many for all. */
  take(size: number): void;
  giveBack(size: number): void;
  /** Whether that many bytes may be held in memory; they are given back when they no longer are. */
  takeMemory(size: number): boolean;
  giveBackMemory(size: number): void;
  createFile(): Promise<SpoolFile>;
  /** The error for whoever writes; logged when an operator has to do something. */
  failedWrite(error: unknown): GatewayError;
}
