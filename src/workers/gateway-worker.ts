/** Where a worker process begins, see `worker-process`. */

// A terminal and systemd send their signals to all processes of a group. Only the primary acts on
// them: it tells its workers to let their requests end. They are loaded with care for that reason,
// the small part first.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});

const { runWorker } = await import('./run-worker.ts');
await runWorker();
