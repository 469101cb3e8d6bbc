import type { ReadinessProbe } from '../core/readiness.ts';
import type { Exchange } from '../http/exchange.ts';
import type { HttpResponse } from '../http/send-response.ts';

const noStore = { 'cache-control': 'no-store' };

/**
 * What load balancers, keepalived and FastDFS's trackers (`http.check_alive_uri`) ask for; null for
 * other paths. Not ready is 502: nginx goes on to the next gateway after that, but not after 503.
 */
export async function answerHealth(
  exchange: Exchange,
  probe: ReadinessProbe,
): Promise<HttpResponse | null> {
  const { method = '' } = exchange.incoming;
  if (method !== 'GET' && method !== 'HEAD') return null;
  const { path } = exchange;
  if (path === '/status.html') {
    exchange.isProbe = true;
    const headers = { ...noStore, 'content-type': 'text/html; charset=utf-8' };
    return { status: 200, headers, body: '<html><body>OK</body></html>\n' };
  }
  if (path === '/healthz') {
    exchange.isProbe = true;
    return json(200, { status: 'ok' });
  }
  if (path !== '/readyz') return null;
  exchange.isProbe = true;
  if (exchange.isClosing()) return json(502, { ready: false, problem: 'the gateway is stopping' });
  const { ready, checks } = await probe.check();
  // Addresses, and what is wrong with them, are for the operator's port.
  return json(ready ? 200 : 502, { ready, checks: checks.map(({ name, ok }) => ({ name, ok })) });
}

function json(status: number, value: unknown): HttpResponse {
  const headers = { ...noStore, 'content-type': 'application/json' };
  return { status, headers, body: JSON.stringify(value) };
}
