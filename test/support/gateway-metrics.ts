import type { GatewayProcess } from './gateway-process.ts';
import { parseMetrics, type Sample } from './prometheus.ts';

export async function scrapeMetrics({ consoleUrl }: GatewayProcess): Promise<Sample[]> {
  return parseMetrics(await (await fetch(`${consoleUrl}/metrics`)).text());
}

/** The sum over all samples of that name; 0 when there is none. */
export async function metricTotal(gateway: GatewayProcess, name: string): Promise<number> {
  const samples = await scrapeMetrics(gateway);
  return samples
    .filter((sample) => sample.name === name)
    .reduce((sum, { value }) => sum + value, 0);
}
