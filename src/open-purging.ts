import type { Config } from './config.ts';
import { PurgeCalls, type PurgeOutcome } from './core/purge/purge-calls.ts';
import { Purger } from './core/purge/purger.ts';
import { SeenTargets } from './core/purge/seen-targets.ts';
import { parseAllowedTarget } from './outbound/allowed-targets.ts';
import { OutboundHttp } from './outbound/outbound-http.ts';
import type { Logger } from './support/logger.ts';

/** What tells the caches in front of the gateway of changes. */
export interface Purging {
  readonly purger: Purger;
  readonly seenTargets: SeenTargets;
  close(): Promise<void>;
}

/** Null where the settings name no cache. Its hosts may have private addresses, and no others. */
export function openPurging(
  { files: { purgeUrls, reads } }: Config,
  logger: Logger,
  onOutcome: (outcome: PurgeOutcome) => void = () => {},
): Purging | null {
  if (purgeUrls.length === 0) return null;
  const allowed = purgeUrls.flatMap((url) => parseAllowedTarget(hostOf(url)) ?? []);
  const outbound = new OutboundHttp({ allowed, callbackHosts: [] });
  const calls = new PurgeCalls({ outbound, logger, onOutcome });
  const seenTargets = new SeenTargets();
  const { prefixes, defaultGroup } = reads;
  const purger = new Purger({ urls: purgeUrls, prefixes, defaultGroup }, calls, seenTargets);
  return {
    purger,
    seenTargets,
    async close() {
      await calls.close();
      await outbound.close();
    },
  };
}

function hostOf(url: string): string {
  return new URL(url.replaceAll(/\{\w+\}/g, 'x')).host;
}
