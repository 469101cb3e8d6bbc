import type { TrackerClient } from '../fastdfs/client/tracker-client.ts';
import type { StoreTarget } from '../fastdfs/protocol/commands/query-store.ts';

/** An answer serves so many uploads at most … */
const USES_MAX = 8;
/** … and none that begins later than this after it came. */
const AGE_MS_MAX = 100;
/** With fewer uploads under way each asks for itself: a round trip more hinders nobody then. */
const BUSY_UPLOADS_MIN = 8;
/** Answers kept for one group. */
const ANSWERS_MAX = 64;

interface Answer {
  readonly target: StoreTarget;
  readonly cameAtMs: number;
  uses: number;
}

/**
 * The tracker's answers to "where to upload". Under load the latest are used again in turn: the
 * tracker's own balance between groups, storage servers and paths stays, at an eighth of the
 * queries, each of which would cost about as much as storing a small file.
 */
export class StoreAnswers {
  readonly #trackers: TrackerClient;
  /** By group asked for, '' for any; in the order of their turns. */
  readonly #answers = new Map<string, Answer[]>();
  #uploads = 0;

  constructor(trackers: TrackerClient) {
    this.#trackers = trackers;
  }

  /** Counts an upload as under way until it settles. */
  async whileUploading<Result>(upload: () => Promise<Result>): Promise<Result> {
    this.#uploads += 1;
    try {
      return await upload();
    } finally {
      this.#uploads -= 1;
    }
  }

  /** Where the tracker wants a file. Rejects as `TrackerClient` does. */
  async next(groupName: string | null, signal: AbortSignal): Promise<StoreTarget> {
    const answers = this.#answersOf(groupName ?? '');
    const known = this.#uploads < BUSY_UPLOADS_MIN ? null : takeTurn(answers);
    if (known !== null) return known;
    const target = await this.#trackers.queryStore(groupName, signal);
    answers.push({ target, cameAtMs: performance.now(), uses: 1 });
    if (answers.length > ANSWERS_MAX) answers.shift();
    return target;
  }

  #answersOf(groupName: string): Answer[] {
    let answers = this.#answers.get(groupName);
    if (answers === undefined) {
      answers = [];
      this.#answers.set(groupName, answers);
    }
    return answers;
  }
}

/** The answer whose turn it is, moved to the end of the line; null when all are used up or old. */
function takeTurn(answers: Answer[]): StoreTarget | null {
  const oldestMs = performance.now() - AGE_MS_MAX;
  for (let answer = answers.shift(); answer !== undefined; answer = answers.shift()) {
    if (answer.cameAtMs < oldestMs) continue;
    answer.uses += 1;
    if (answer.uses < USES_MAX) answers.push(answer);
    return answer.target;
  }
  return null;
}
