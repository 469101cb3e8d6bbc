import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { FindingLog } from '../core/fsck/findings.ts';
import { OrphanSearch, placeOf, type TextSorter } from '../core/fsck/orphan-search.ts';
import { queueOrphans } from '../core/fsck/queue-orphans.ts';
import { clockDifferenceMsMax } from '../core/write-duration.ts';
import { openTextSorter } from '../text-sorter.ts';
import { checkWithProgress } from './check-progress.ts';
import type { CommandContext, CommandOutput } from './command.ts';
import { UsageError } from './failures.ts';
import {
  type FsckOrphansOptions,
  type OrphansRequest,
  readOrphansOptions,
} from './fsck-orphans-options.ts';
import { orphanFinding, renderBytes, reportOrphans, unknownPlaces } from './fsck-orphans-report.ts';
import { takeInterruption } from './interruption.ts';
import { readListing } from './listing-lines.ts';
import { OrphanOutput } from './orphan-output.ts';
import { openProgress } from './progress.ts';

/**
 * Names files of the storage servers that no object, part or queue row knows, by a listing of
 * their data directories; `--repair` queues them for deletion.
 */
export async function fsckOrphans(
  context: CommandContext,
  options: FsckOrphansOptions,
): Promise<CommandOutput> {
  const request = readOrphansOptions(options);
  const listed = openTextSorter(tmpdir());
  const orphans = openTextSorter(tmpdir());
  try {
    return await new OrphansRun(context, request, listed, orphans).run();
  } finally {
    listed.close();
    orphans.close();
  }
}

class OrphansRun {
  readonly #core: CommandContext['services']['core'];
  readonly #indexPath: string;
  readonly #request: OrphansRequest;
  readonly #search: OrphanSearch;
  readonly #orphans: TextSorter;
  readonly #findings = new FindingLog();

  constructor(
    { services, config }: CommandContext,
    request: OrphansRequest,
    listed: TextSorter,
    orphans: TextSorter,
  ) {
    const { place, ageMsMin } = request;
    this.#core = services.core;
    this.#indexPath = config.indexPath;
    this.#request = request;
    this.#orphans = orphans;
    const options = { place, ageMsMin, directory: tmpdir() };
    this.#search = new OrphanSearch(services.core, listed, options);
  }

  async run(): Promise<CommandOutput> {
    const interruption = takeInterruption();
    let isFinished = false;
    try {
      await this.#read(interruption.signal);
      await this.#compare(interruption.signal);
      if (this.#request.repairs) await this.#queue(interruption.signal);
      else await this.#tellAll();
      isFinished = true;
    } catch (error) {
      if (!interruption.signal.aborted) throw error;
    } finally {
      interruption.release();
    }
    return reportOrphans(this.#search, this.#findings, { ...this.#request, isFinished });
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { listings } = this.#request;
    const sizes = listings.map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0);
    const progress = openProgress(
      'Reading',
      sizes.reduce((sum, size) => sum + size, 0),
    );
    try {
      for (const path of listings) {
        for await (const lines of readListing(path, (count) => progress.advance(count))) {
          signal.throwIfAborted();
          for (const line of lines) this.#search.take(line);
          this.#requirePlaced();
        }
      }
    } finally {
      progress.stop();
    }
    if (this.#search.fileCount > 0) return;
    throw new UsageError(
      `No line of ${this.#search.lineCount} names a file that a gateway may have stored.`,
    );
  }

  #requirePlaced(): void {
    const [sample] = this.#search.skipped('unplaced').samples;
    if (sample === undefined) return;
    throw new UsageError(
      `The listing does not say which group and store path ${JSON.stringify(sample)} is of: ` +
        'add --group and --store-path, or list the files with their IDs.',
    );
  }

  async #compare(signal: AbortSignal): Promise<void> {
    const progress = openProgress('Comparing', this.#search.fileCount);
    const out = this.#request.out === null ? null : new OrphanOutput(this.#request.out);
    try {
      const advance = (count: number) => progress.advance(count);
      for await (const fileIds of this.#search.compare(signal, advance)) {
        this.#orphans.add(fileIds);
        out?.write(fileIds);
      }
    } finally {
      out?.close();
      progress.stop();
    }
  }

  async #tellAll(): Promise<void> {
    const foreign = unknownPlaces(this.#search);
    for await (const fileIds of this.#orphans.batches()) {
      for (const fileId of fileIds) {
        this.#findings.add(orphanFinding(this.#core.blobs.describeFile(fileId), fileId, foreign));
      }
    }
  }

  /** What was written between a backup and its restore is lost to the index, not to its users. */
  async #refuseAfterRestore(leftAlone: ReadonlySet<string>): Promise<void> {
    const restoredAtMs = await this.#core.index.findRestoreTime();
    if (restoredAtMs === null || this.#request.repairsAfterRestore) return;
    for await (const fileIds of this.#orphans.batches()) {
      for (const fileId of fileIds) {
        if (leftAlone.has(placeOf(fileId))) continue;
        const { storedAtMs } = this.#core.blobs.describeFile(fileId);
        // Their age is told by the storage server's clock.
        if (storedAtMs >= restoredAtMs + clockDifferenceMsMax) continue;
        throw new UsageError(
          `The index was restored from a backup at ${new Date(restoredAtMs).toISOString()}, and ` +
            `orphans such as ${fileId} are older: they may have been written since the backup. ` +
            'When nobody needs any of them, add --even-after-restore. Nothing was queued.',
        );
      }
    }
  }

  /** What refers to a file may be what is damaged; the backup that is restored then needs it. */
  async #refuseDamaged(signal: AbortSignal): Promise<void> {
    const check = await checkWithProgress(this.#indexPath, this.#indexPath, signal);
    const isHarmless = [...check.damages, ...check.leftOut].every(
      ({ severity }) => severity === 'warning',
    );
    if (check.isSound && isHarmless) return;
    throw new UsageError(
      'The index is damaged, so that files may look like orphans that are none. Mend it first: ' +
        'fastdfs-s3 fsck tells how. Nothing was queued.',
    );
  }

  async #queue(signal: AbortSignal): Promise<void> {
    const leftAlone = unknownPlaces(this.#search);
    const places = this.#search.places.filter(({ place }) => !leftAlone.has(place));
    const count = places.reduce((sum, { orphanCount }) => sum + orphanCount, 0);
    const bytes = places.reduce((sum, { orphanBytes }) => sum + orphanBytes, 0);
    if (count > 0) {
      await this.#refuseAfterRestore(leftAlone);
      await this.#refuseDamaged(signal);
    }
    console.error(`Queueing ${count} files of ${renderBytes(bytes)} for deletion.`);
    const progress = openProgress('Queueing', count);
    const { blobs } = this.#core;
    try {
      const fates = queueOrphans(this.#core, this.#orphans.batches(), { leftAlone, signal });
      for await (const { queued, leftAlone: left } of fates) {
        for (const fileId of queued) {
          const finding = orphanFinding(blobs.describeFile(fileId), fileId, leftAlone);
          this.#findings.add({ ...finding, repair: 'repaired' });
        }
        for (const fileId of left) {
          this.#findings.add(orphanFinding(blobs.describeFile(fileId), fileId, leftAlone));
        }
        progress.advance(queued.length);
      }
    } finally {
      progress.stop();
    }
  }
}
