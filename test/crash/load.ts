import { LoadClient } from './load-client.ts';
import type { LogBook } from './log-book.ts';
import type { Random } from './random.ts';
import type { Requests } from './requests.ts';
import type { UploadBook } from './upload-book.ts';
import type { VersionBook } from './version-book.ts';

const OWN_KEYS = 60;
const HOT_KEYS = Array.from({ length: 8 }, (_, number) => `hot/${number}`);

export interface LoadOptions {
  readonly clients: number;
  readonly round: number;
  readonly random: Random;
  readonly once: readonly string[];
  readonly uploads: UploadBook;
  readonly versions: VersionBook;
  readonly logs: LogBook;
  readonly connect: () => Requests;
  readonly segmentSizeBytes: number;
  readonly base: { readonly key: string; readonly content: Buffer };
  readonly stop: AbortSignal;
}

/** Runs all clients until they are stopped. Rejects with the first `Violation`, and stops no other. */
export async function startLoad(options: LoadOptions): Promise<void> {
  const { clients, round, random, once, uploads, versions, segmentSizeBytes, base, stop } = options;
  const runs = Array.from({ length: clients }, (_, number) => {
    const own = Array.from({ length: OWN_KEYS }, (_, key) => `client-${number}/${key}`);
    const keys = { own, hot: HOT_KEYS, once };
    const logs = options.logs.shelfOf(number);
    const settings = { name: `${round}-${number}`, keys, versions, logs, segmentSizeBytes, base };
    const client = new LoadClient(
      options.connect(),
      uploads,
      random.fork(`client ${number}`),
      settings,
    );
    return client.run(stop);
  });
  await Promise.all(runs);
}
