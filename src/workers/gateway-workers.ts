import type { ClusterState } from '../blob-store/blob-store.ts';
import { CombinedMetrics } from '../metrics/combined-metrics.ts';
import type { GatewayMetrics } from '../metrics/gateway-metrics.ts';
import { type DoorAddresses, type DoorName, doorNames, listenSettings } from '../support/doors.ts';
import { findFreeAddress } from '../support/listen.ts';
import type { Logger } from '../support/logger.ts';
import type { HostPort } from '../support/units.ts';
import { withBreakersOf } from './cluster-state.ts';
import type { WorkerSettings } from './messages.ts';
import { WorkerPool } from './worker-pool.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Below what a scrape and a probe wait for; a worker that is busy for longer is left out. */
const VIEW_TIMEOUT_MS = 1_000;
/** Nothing is deleted while a worker says nothing for longer. */
const OPEN_FILES_TIMEOUT_MS = 10_000;

export interface GatewayWorkersOptions extends Omit<WorkerSettings, 'number' | 'listen'> {
  readonly count: number;
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
  readonly onFailure: (error: Error) => void;
  /** Replaced in tests. */
  readonly fork?: () => WorkerProcess;
}

/** The worker processes, and what the primary process has to know of them. */
export class GatewayWorkers {
  readonly metrics: CombinedMetrics;
  readonly #options: GatewayWorkersOptions;
  readonly #pool: WorkerPool;

  constructor(options: GatewayWorkersOptions) {
    this.#options = options;
    const { count, logger, metrics, onFailure, fork } = options;
    this.#pool = new WorkerPool({
      count,
      logger,
      onFailure,
      onEnded: (worker) => {
        this.metrics.workerEnded(worker);
        metrics.processes.workerEnded();
      },
      ...(fork && { fork }),
    });
    metrics.processes.watch(() => this.#pool.servingCount);
    this.metrics = new CombinedMetrics(metrics, async () => {
      const { answers } = await this.#pool.ask('metrics', null, VIEW_TIMEOUT_MS);
      return answers.map(({ worker, answer }) => ({
        process: worker,
        name: String(worker.number),
        metrics: answer,
      }));
    });
  }

  /** How many there should be. */
  get count(): number {
    return this.#options.count;
  }

  /** Resolves to the addresses when all of them serve there. Rejects when one cannot. */
  async start(wanted: DoorAddresses): Promise<DoorAddresses> {
    const listen: Partial<Record<DoorName, HostPort>> = {};
    for (const name of doorNames) {
      const address = wanted[name];
      if (address) listen[name] = await findFreeAddress(address, listenSettings[name]);
    }
    const { config, trackers, masterKey } = this.#options;
    await this.#pool.start((number) => ({ number, config, trackers, masterKey, listen }));
    return listen;
  }

  /** See `WorkerPool`. */
  async stop(graceMs: number): Promise<void> {
    await this.#pool.stop(graceMs);
  }

  /** Why no client is served; null when some are. */
  findProblem(): string | null {
    const { servingCount, count } = this.#pool;
    return servingCount === 0 ? `none of ${count} workers serves` : null;
  }

  /** See `FindOpenElsewhere`. */
  async findOpenFiles(fileIds: readonly string[]): Promise<ReadonlySet<string>> {
    const { answers, missing } = await this.#pool.ask('open-files', fileIds, OPEN_FILES_TIMEOUT_MS);
    const [problem] = missing;
    if (problem !== undefined)
      throw new Error(`which files are being read is not known: ${problem}`);
    return new Set(answers.flatMap(({ answer }) => answer));
  }

  /** What the primary process sees, with the circuit breakers of the workers. */
  async clusterState(own: Promise<ClusterState>, choice: 'worst' | 'best'): Promise<ClusterState> {
    const asked = this.#pool.ask('cluster', null, VIEW_TIMEOUT_MS);
    const [state, { answers }] = await Promise.all([own, asked]);
    return withBreakersOf(
      state,
      answers.map(({ answer }) => answer),
      choice,
    );
  }
}
