import type { ClusterState } from '../blob-store/blob-store.ts';
import type { Config } from '../config.ts';
import type { MetricsSnapshot } from '../metrics/metrics-snapshot.ts';
import type { DoorAddresses } from '../support/doors.ts';
import type { HostPort } from '../support/units.ts';

/**
 * What the primary process and its workers tell each other. A worker starts with `hello`, since what
 * comes before it listens would be lost; `begin` gives it its settings; it says `locked` when it has
 * its share of the locks, and hears `go`, so that its primary is known to live after that. It opens
 * the index then, and says `serving` once it listens.
 */

export interface WorkerSettings {
  /** From 1; the process that takes the place of one that ended has the same. */
  readonly number: number;
  /** With this worker's share of what is shared. */
  readonly config: Config;
  readonly trackers: readonly HostPort[];
  readonly masterKey: Buffer;
  /** Never port 0: a worker that is started again has to find the same port. */
  readonly listen: DoorAddresses;
}

/** Questions to all workers, with what each is asked and what it answers. */
export interface Questions {
  /** Those of these files that its requests are reading. */
  readonly 'open-files': {
    readonly asked: readonly string[];
    readonly answer: readonly string[];
  };
  readonly metrics: { readonly asked: null; readonly answer: MetricsSnapshot };
  readonly cluster: { readonly asked: null; readonly answer: ClusterState };
}

export type QuestionName = keyof Questions;

export type Answers = {
  readonly [Name in QuestionName]: (
    asked: Questions[Name]['asked'],
  ) => Questions[Name]['answer'] | Promise<Questions[Name]['answer']>;
};

export type ToWorker =
  | { readonly kind: 'begin'; readonly settings: WorkerSettings }
  | { readonly kind: 'go' }
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly name: QuestionName;
      readonly asked: unknown;
    }
  | { readonly kind: 'stop'; readonly graceMs: number };

export type FromWorker =
  | { readonly kind: 'hello' | 'locked' | 'serving' }
  /** It cannot start, and ends. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  /** An answer that could not be given. */
  | { readonly kind: 'no-answer'; readonly id: number; readonly message: string };

/**
 * How a worker ends that cannot tell what is on the disk of the index: no process can go on then
 * (`onFailure` of the index).
 */
export const INDEX_LOST_EXIT_CODE = 86;
