import { Hono } from 'hono';
import type { ClusterState } from '../blob-store/blob-store.ts';
import { ReadinessProbe, type ReadinessSources } from '../core/readiness.ts';

export interface ConsoleSources extends ReadinessSources {
  /** For people: with every circuit breaker that is open somewhere. */
  readonly findCluster: () => Promise<ClusterState>;
  readonly metrics: {
    readonly contentType: string;
    render(): Promise<string>;
  };
}

/**
 * The operator's port. `/healthz` says that the process lives and is for restarts; `/readyz` says
 * that writes can be served and is for load balancers; `/metrics` is for Prometheus; `/cluster` is
 * FastDFS as this gateway sees it.
 */
export function createConsoleApp(sources: ConsoleSources): Hono {
  const app = new Hono();
  const probe = new ReadinessProbe(sources);

  app.get('/healthz', (context) => context.json({ status: 'ok' }));

  app.get('/readyz', async (context) => {
    const readiness = await probe.check();
    return context.json(readiness, readiness.ready ? 200 : 503, { 'cache-control': 'no-store' });
  });

  app.get('/cluster', async (context) => {
    const state = await sources.findCluster();
    return context.json(state, 200, { 'cache-control': 'no-store' });
  });

  app.get('/metrics', async (context) => {
    const { metrics } = sources;
    return context.body(await metrics.render(), 200, { 'content-type': metrics.contentType });
  });

  app.notFound((context) =>
    context.json(
      { error: 'Not found. This port answers GET /healthz, /readyz, /metrics and /cluster.' },
      404,
    ),
  );
  return app;
}
