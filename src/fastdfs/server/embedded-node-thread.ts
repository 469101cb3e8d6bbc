import { Worker } from 'node:worker_threads';
import type { EmbeddedNode, NodeAddress } from './embedded-node.ts';
import type { ReportProblem } from './service.ts';
import type { EmbeddedNodeSettings } from './settings.ts';

export type ToWorker = { readonly kind: 'close' };

export type FromWorker =
  | {
      readonly kind: 'ready';
      readonly trackerAddress: NodeAddress;
      readonly storageAddress: NodeAddress;
    }
  | { readonly kind: 'problem'; readonly message: string; readonly facts: Record<string, unknown> };

export interface EmbeddedNodeThreadHooks {
  readonly report?: ReportProblem;
  /** Called once when the thread ends by itself: no file can be stored or read any more. */
  readonly onFailure?: (error: Error) => void;
  /** Starts `embedded-node-worker`; for tests, which run it from its source. */
  readonly startWorker?: (settings: EmbeddedNodeSettings) => Worker;
}

function startCompiledWorker(settings: EmbeddedNodeSettings): Worker {
  const url = new URL('./embedded-node-worker.js', import.meta.url);
  return new Worker(url, { workerData: settings, name: 'embedded-node' });
}

/**
 * Starts the embedded node on a thread of its own, so that its disk work never holds up the caller's
 * event loop. Rejects, as `startEmbeddedNode` does, with a message that says what could not be used.
 */
export async function startEmbeddedNodeThread(
  settings: EmbeddedNodeSettings,
  {
    report = () => {},
    onFailure = () => {},
    startWorker = startCompiledWorker,
  }: EmbeddedNodeThreadHooks = {},
): Promise<EmbeddedNode> {
  const worker = startWorker(settings);
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const ready = await firstMessage(worker, report);
  let expected = false;
  const fail = (error: unknown) => {
    if (expected) return;
    // An error is followed by the exit that it causes.
    expected = true;
    onFailure(failure(error));
  };
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`its thread ended with ${code}`)));
  return {
    trackerAddress: ready.trackerAddress,
    storageAddress: ready.storageAddress,
    async close() {
      expected = true;
      worker.postMessage({ kind: 'close' } satisfies ToWorker);
      await exited;
    },
  };
}

function firstMessage(
  worker: Worker,
  report: ReportProblem,
): Promise<Extract<FromWorker, { kind: 'ready' }>> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') resolve(message);
      else report(message.message, message.facts);
    });
    worker.once('error', (error) => reject(failure(error)));
    worker.once('exit', (code) => reject(failure(new Error(`its thread ended with ${code}`))));
  });
}

function failure(error: unknown): Error {
  const text = error instanceof Error ? error.message : String(error);
  return new Error(`the embedded FastDFS node failed: ${text}`, { cause: error });
}
