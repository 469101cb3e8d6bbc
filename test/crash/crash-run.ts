import { GatewayProcess, type LogLine } from '../support/gateway-process.ts';
import { verifyBackup } from './backup.ts';
import { contentOf, filesMaxOf } from './content.ts';
import { ExpectedState } from './expected-state.ts';
import { type Killed, killStarts, killUnderLoad } from './gateway-killer.ts';
import { type KillPlan, planKill } from './kill-plan.ts';
import { startLoad } from './load.ts';
import { LOG_BUCKET, LogBook } from './log-book.ts';
import { logTargetOf } from './log-writes.ts';
import { deleteObjects, putObject } from './object-writes.ts';
import { Random } from './random.ts';
import type { RoundReport } from './report.ts';
import { type LoadCounts, newLoadCounts, Requests, targetOf } from './requests.ts';
import { UploadBook } from './upload-book.ts';
import { verifyKeys } from './verify-objects.ts';
import { verifyRound } from './verify-round.ts';
import { VERSIONED_BUCKET, VersionBook } from './version-book.ts';
import { deleteVersion } from './version-writes.ts';

export interface CrashRunOptions {
  readonly seed: string;
  readonly clients: number;
  readonly workers: number;
  /** After so many rounds all keys are read; else those that were touched. */
  readonly fullCheckEvery: number;
  /** Null for a new directory. */
  readonly dataDir: string | null;
  /** Starts on a new directory that are killed before the first round. */
  readonly firstStartsKilled: number;
}

const MIB = 2 ** 20;
const BASE_KEY = 'base/5-mib';
/** The least that S3 takes for a part that is not the last. */
const BASE_SIZE_BYTES = 5 * MIB;
const SEGMENT_SIZES_BYTES = [MIB / 2, MIB, 64 * MIB] as const;
const FIRST_START_MS_MAX = 700;

/** A gateway that is loaded, killed, started again and verified, round after round. */
export class CrashRun {
  readonly #options: CrashRunOptions;
  readonly #state = new ExpectedState();
  readonly #versions = new VersionBook();
  readonly #logs = new LogBook();
  readonly #random: Random;
  #gateway: GatewayProcess;
  #killedLog: readonly LogLine[] = [];

  private constructor(options: CrashRunOptions, gateway: GatewayProcess) {
    this.#options = options;
    this.#gateway = gateway;
    this.#random = new Random(options.seed);
  }

  static async start(options: CrashRunOptions): Promise<CrashRun> {
    const dataDir = await GatewayProcess.newDataDir(options.dataDir);
    const random = new Random(`${options.seed}/first`);
    for (let starts = 0; starts < options.firstStartsKilled; starts += 1) {
      await GatewayProcess.startAndKill({ dataDir }, random.integer(20, FIRST_START_MS_MAX));
    }
    const gateway = await GatewayProcess.start({ dataDir, env: settingsOf(options, 1) });
    const run = new CrashRun(options, gateway);
    await run.#prepare();
    return run;
  }

  get dataDir(): string {
    return this.#gateway.dataDir;
  }

  /** The last lines of the gateway that was killed, and of the one that was started after it. */
  logTails(lines: number): { readonly killed: LogLine[]; readonly current: LogLine[] } {
    return { killed: this.#killedLog.slice(-lines), current: this.#gateway.log.slice(-lines) };
  }

  /** Rejects with the first `Violation`; the gateway then still runs. */
  async round(number: number): Promise<RoundReport> {
    const startedAtMs = performance.now();
    const random = this.#random.fork(`round ${number}`);
    const plan = planKill(random, this.#options.workers);
    const uploads = new UploadBook();
    const counts = newLoadCounts();
    const keys = onceKeys(number);
    const { releaseLog, backupPath } = await this.#loadAndKill(
      number,
      plan,
      random,
      uploads,
      counts,
      keys,
    );
    const inFlight = this.#inFlight(uploads);
    const startMs = await this.#startAgain(number + 1, plan, releaseLog);
    if (backupPath) await verifyBackup(backupPath);
    const verified = await verifyRound({
      dataDir: this.dataDir,
      state: this.#state,
      uploads,
      versions: this.#versions,
      logs: this.#logs,
      onceKeys: keys,
      random: random.fork('verify'),
      isFull: number % this.#options.fullCheckEvery === 0,
      connect: () => this.#connect(newLoadCounts()),
    });
    return {
      round: number,
      kill: plan.kind,
      loadMs: plan.loadMs,
      acknowledgedWrites: counts.acknowledgedWrites,
      acknowledgedDeletes: counts.acknowledgedDeletes,
      refused: counts.refused,
      failures: Object.fromEntries(counts.failures),
      reads: counts.reads,
      inFlight: inFlight.requests,
      inFlightFilesMax: inFlight.filesMax,
      startMs,
      ...verified,
      durationMs: Math.round(performance.now() - startedAtMs),
    };
  }

  /** Deletes all objects and ends the gateway, so that nothing is left on a shared cluster. */
  async close(): Promise<void> {
    const requests = this.#connect(newLoadCounts());
    const keys = this.#state.allKeys;
    for (let first = 0; first < keys.length; first += 1000) {
      await deleteObjects(requests, keys.slice(first, first + 1000));
    }
    for (const version of this.#versions.versions) {
      await deleteVersion(requests, this.#versions, version);
    }
    for (const key of this.#logs.shelves.flatMap(({ keys: ofShelf }) => ofShelf)) {
      await requests.send('DELETE', logTargetOf(key));
    }
    requests.close();
    await this.#gateway.dispose();
  }

  async kill(): Promise<void> {
    await this.#gateway.end('SIGKILL');
  }

  async #prepare(): Promise<void> {
    const requests = this.#connect(newLoadCounts());
    await requests.send('PUT', targetOf(''));
    await requests.send('PUT', `/${VERSIONED_BUCKET}`);
    await requests.send('PUT', `/${LOG_BUCKET}`);
    const enabled = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
    const body = Buffer.from(enabled);
    await requests.send('PUT', `/${VERSIONED_BUCKET}?versioning`, { body });
    const segmentSizeBytes = BASE_SIZE_BYTES;
    await putObject(requests, BASE_KEY, {
      tag: BASE_KEY,
      sizeBytes: BASE_SIZE_BYTES,
      segmentSizeBytes,
    });
    await verifyKeys([requests], this.#state, [BASE_KEY]);
    requests.close();
  }

  #connect(counts: LoadCounts): Requests {
    return new Requests(this.#gateway, this.#state, counts);
  }

  async #loadAndKill(
    number: number,
    plan: KillPlan,
    random: Random,
    uploads: UploadBook,
    counts: LoadCounts,
    once: readonly string[],
  ): Promise<Killed> {
    const stop = new AbortController();
    const load = startLoad({
      clients: this.#options.clients,
      round: number,
      random,
      once,
      uploads,
      versions: this.#versions,
      logs: this.#logs,
      connect: () => this.#connect(counts),
      segmentSizeBytes: segmentSizeOf(this.#options, number),
      base: { key: BASE_KEY, content: contentOf(BASE_KEY, BASE_SIZE_BYTES) },
      stop: stop.signal,
    });
    const killed = killUnderLoad(this.#gateway, plan, random.fork('kill'));
    // A violation ends the load, and the round, before its time.
    const outcome = await Promise.race([killed, load.then(() => killed)]);
    stop.abort();
    await load;
    this.#killedLog = this.#gateway.log;
    return outcome;
  }

  #inFlight(uploads: UploadBook): { readonly requests: number; readonly filesMax: number } {
    const sent = this.#state.unansweredContent;
    const changes = this.#logs.shelves.flatMap(({ openChanges }) => openChanges);
    return {
      requests:
        this.#state.unansweredWrites.length + uploads.unansweredParts.length + changes.length,
      filesMax: sent.reduce((sum, content) => sum + filesMaxOf(content), 0),
    };
  }

  /** Resolves with the milliseconds until the gateway was ready. */
  async #startAgain(number: number, plan: KillPlan, releaseLog: () => void): Promise<number> {
    const options = { dataDir: this.dataDir, env: settingsOf(this.#options, number) };
    if (!plan.readerSurvives) releaseLog();
    await killStarts(options, plan);
    const startedAtMs = performance.now();
    this.#gateway = await GatewayProcess.start(options);
    const startMs = Math.round(performance.now() - startedAtMs);
    if (plan.readerSurvives) releaseLog();
    return startMs;
  }
}

function onceKeys(round: number): string[] {
  return Array.from({ length: 6 }, (_, number) => `once/${round}-${number}`);
}

function segmentSizeOf({ seed }: CrashRunOptions, round: number): number {
  return new Random(`${seed}/settings ${round}`).pick(SEGMENT_SIZES_BYTES);
}

function settingsOf(options: CrashRunOptions, round: number): Record<string, string> {
  return {
    GATEWAY_SEGMENT_SIZE: String(segmentSizeOf(options, round)),
    GATEWAY_QINIU_LISTEN: '127.0.0.1:0',
    ...(options.workers > 1 && { GATEWAY_WORKERS: String(options.workers) }),
  };
}
