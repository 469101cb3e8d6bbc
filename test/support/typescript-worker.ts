import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Runs a TypeScript file as a worker thread, as the build would run it compiled. */
export function startTypescriptWorker(url: URL, options: WorkerOptions): Worker {
  const bootstrap = `
    import('tsx/esm/api').then(({ register }) => {
      register();
      return import(${JSON.stringify(url.href)});
    });`;
  return new Worker(bootstrap, { ...options, eval: true });
}
