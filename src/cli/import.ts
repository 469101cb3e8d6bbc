import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { z } from 'zod';
import { getBucket } from '../core/access/access.ts';
import { GatewayError } from '../core/errors.ts';
import { batchesOf, importBatch } from '../core/import/import-batch.ts';
import type { ImportPlan } from '../core/import/import-plan.ts';
import { doneOutcomes, type ImportOptions } from '../core/import/import-request.ts';
import type { SourceLine } from '../core/import/source-lines.ts';
import type { Bucket } from '../object-index/records.ts';
import { openImportPlan } from '../text-sorter.ts';
import type { CommandContext, CommandOutput } from './command.ts';
import { UsageError } from './failures.ts';
import { type ImportCommandOptions, readImportOptions } from './import-options.ts';
import { reportImport } from './import-report.ts';
import { readSource } from './import-sources.ts';
import { type ImportState, ImportTally, importState, newImportState } from './import-tally.ts';
import { takeInterruption } from './interruption.ts';
import { openProgress } from './progress.ts';
import { SavedWalk } from './saved-walk.ts';

/** Between two notes of how far it is; what comes behind the last one is looked at again. */
const SAVE_INTERVAL_MS = 250;

/**
 * Gives existing files keys in a bucket; no byte is copied. Ends early on SIGINT and SIGTERM, or
 * when it is killed: the next run with the same sources and options goes on there.
 */
export async function importFiles(
  context: CommandContext,
  bucketName: string,
  sources: readonly string[],
  options: ImportCommandOptions,
): Promise<CommandOutput> {
  const { core } = context.services;
  const request = readImportOptions(options, sources, core.blobs);
  const bucket = await getBucket(core, bucketName);
  const ownerId = await findOwnerId(core.index, options.owner, bucket);
  const plan = openImportPlan(tmpdir());
  try {
    const run = new ImportRun(context, { ...request, bucket, ownerId, sources, options }, plan);
    return await run.run();
  } finally {
    plan.close();
  }
}

interface RunRequest extends ReturnType<typeof readImportOptions> {
  readonly bucket: Bucket;
  readonly ownerId: string;
  readonly sources: readonly string[];
  readonly options: ImportCommandOptions;
}

class ImportRun {
  readonly #core: CommandContext['services']['core'];
  readonly #directory: CommandContext['services']['directory'];
  readonly #request: RunRequest;
  readonly #plan: ImportPlan;

  constructor({ services }: CommandContext, request: RunRequest, plan: ImportPlan) {
    this.#core = services.core;
    this.#directory = services.directory;
    this.#request = request;
    this.#plan = plan;
  }

  async run(): Promise<CommandOutput> {
    const { options, isDryRun, sources } = this.#request;
    const saved = await this.#savedState();
    const canGoOn = !isDryRun && !sources.includes('-');
    const kept = options.restart || !canGoOn ? null : saved.find();
    const state = kept?.state ?? newImportState;
    const tally = new ImportTally(state, options.problems ?? null);
    const interruption = takeInterruption();
    let isFinished = false;
    try {
      await this.#readAll(tally, interruption.signal);
      await this.#core.index.locateFiles(this.#plan.path);
      const save = canGoOn ? (now: ImportState) => saved.save(now, []) : () => {};
      await this.#importAll(state, tally, save, interruption.signal);
      if (canGoOn) saved.remove();
      isFinished = true;
    } catch (error) {
      if (!interruption.signal.aborted) throw error;
    } finally {
      interruption.release();
      tally.close();
    }
    const { bucket } = this.#request;
    const told = { bucketName: bucket.name, isDryRun, isFinished, isContinued: kept !== null };
    return reportImport(tally, told);
  }

  /** What must be the same for a run to go on where another one stopped. */
  async #savedState(): Promise<SavedWalk<ImportState, never>> {
    const { bucket, sources, options } = this.#request;
    const { restart: _, concurrency: __, rate: ___, bandwidth: ____, ...same } = options;
    const kind = {
      bucket: [bucket.id, bucket.createdAtMs],
      sources: sources.map((path) => {
        const file = statSync(path, { throwIfNoEntry: false });
        return [path, file?.size ?? null, file?.mtimeMs ?? null];
      }),
      options: same,
      restoredAtMs: await this.#core.index.findRestoreTime(),
    };
    const shapes = { state: importState, finding: z.never() };
    return new SavedWalk(this.#directory.walkFile('import'), kind, shapes);
  }

  async #readAll(tally: ImportTally, signal: AbortSignal): Promise<void> {
    const { sources, formats, place, groupName } = this.#request;
    const sizes = sources.map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const progress = openProgress('Reading', total);
    const advance = (count: number) => progress.advance(count);
    try {
      for (const [source, path] of sources.entries()) {
        const options = { format: formats[source] ?? 'list', place, groupName };
        for await (const lines of readSource(path, options, this.#core.blobs, advance)) {
          signal.throwIfAborted();
          this.#take(lines, source, tally);
        }
      }
    } finally {
      progress.stop();
    }
    this.#addLogged();
    this.#plan.finish();
  }

  #take(lines: readonly SourceLine[], source: number, tally: ImportTally): void {
    const { sources, prefix, keyOf } = this.#request;
    tally.lineCount += lines.length;
    for (const said of lines) {
      if (said.kind === 'passed-over') tally.passOver(said.what);
      else if (said.kind === 'malformed') tally.malformed(said, sources[source] ?? '');
      else if (said.kind === 'logged') this.#plan.log([{ ...said, source }]);
      else {
        const { key, fileIds, line, detail } = said;
        const name = key === null ? keyOf(fileIds[0] ?? '') : prefix + key;
        this.#plan.add([{ key: name, fileIds, source, line, detail }]);
      }
    }
  }

  /** Files that are there at the end of the binlogs. */
  #addLogged(): void {
    for (const { fileId, source, line } of this.#plan.loggedFiles()) {
      const key = this.#request.keyOf(fileId);
      this.#plan.add([{ key, fileIds: [fileId], source, line, detail: null }]);
    }
  }

  async #importAll(
    state: ImportState,
    tally: ImportTally,
    save: (state: ImportState) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { isDryRun, conflicts, ...request } = this.#request;
    const options: ImportOptions = { ...request, isDryRun, overwrites: conflicts === 'overwrite' };
    const progress = openProgress(isDryRun ? 'Looking' : 'Importing', this.#plan.rowCount);
    let { rowCount } = state;
    let savedAtMs = 0;
    progress.advance(rowCount);
    try {
      for (const rows of batchesOf(this.#plan.rows(state.after))) {
        const results = await importBatch(this.#core, rows, options, signal);
        this.#tellAll(results, tally);
        rowCount += rows.length;
        progress.advance(rows.length);
        const { key = '', order = 0 } = rows.at(-1) ?? {};
        if (performance.now() - savedAtMs < SAVE_INTERVAL_MS) continue;
        save(tally.state({ key, order }, rowCount));
        savedAtMs = performance.now();
      }
    } finally {
      progress.stop();
    }
  }

  #tellAll(results: Awaited<ReturnType<typeof importBatch>>, tally: ImportTally): void {
    const { sources, conflicts } = this.#request;
    for (const { row, outcome, problem } of results) {
      tally.count(outcome);
      if (doneOutcomes.has(outcome)) continue;
      const { key, fileIds, line } = row;
      tally.tell({ outcome, source: sources[row.source] ?? '', line, key, fileIds, problem });
    }
    if (conflicts !== 'fail') return;
    const first = results.find(({ outcome }) => outcome === 'conflict');
    if (first === undefined) return;
    const { source, line, key } = first.row;
    throw new UsageError(
      `${sources[source]}:${line}: another object has the key ${JSON.stringify(key)}. ` +
        'Rows before it, in the order of keys, are imported.',
    );
  }
}

/** The owner of the bucket when no user is named. */
async function findOwnerId(
  index: CommandContext['services']['core']['index'],
  name: string | undefined,
  bucket: Bucket,
): Promise<string> {
  if (name === undefined) return bucket.ownerId;
  const user = await index.findUserByName(name);
  if (user) return user.id;
  throw new GatewayError('NoSuchEntity', { message: `There is no user ${name}.` });
}
