import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { closeConnectionsInHand } from './connections-in-hand.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/** A child process, as the pool sees it; replaced in tests. */
export interface WorkerProcess {
  readonly pid: number;
  /** Harmless when the process has gone. */
  send(message: ToWorker): void;
  onMessage(listener: (message: FromWorker) => void): void;
  /** Called once, when the process has ended or never came to be. */
  onExit(listener: (exit: WorkerExit) => void): void;
  kill(signal: NodeJS.Signals): void;
}

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why there never was a process. */
  readonly problem?: string;
}

/**
 * Starts a process that runs `gateway-worker`. Its doors share one listening socket of this
 * process, which hands on connections in turn: left to the system, the processes would get very
 * uneven shares of them.
 */
export function forkWorker(): WorkerProcess {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({
    exec: fileURLToPath(new URL('./gateway-worker.js', import.meta.url)),
    args: [],
    // Settings have maps and bytes in them.
    serialization: 'advanced',
  });
  const worker = cluster.fork();
  closeConnectionsInHand(worker.process);
  // Errors of sending to one that is ending would end this process if nobody listened.
  worker.on('error', () => {});
  let isOver = false;
  return {
    pid: worker.process.pid ?? -1,
    send(message) {
      // A process that has just gone, or is going, is heard of by its exit.
      if (worker.isConnected()) worker.process.send?.(message, undefined, undefined, () => {});
    },
    onMessage: (listener) => worker.on('message', listener),
    onExit(listener) {
      const end = (exit: WorkerExit) => {
        if (isOver) return;
        isOver = true;
        listener(exit);
      };
      worker.process.on('exit', (code, signal) => end({ code, signal }));
      worker.process.on('error', (error) => {
        // Those of sending come here as well.
        if (worker.process.pid === undefined)
          end({ code: null, signal: null, problem: error.message });
      });
    },
    kill: (signal) => worker.process.kill(signal),
  };
}
