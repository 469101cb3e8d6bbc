import type { ReplicaCheck } from '../../object-index/file-records.ts';
import { needsRepair, type ReplicaVerdict } from './judge-copies.ts';

/** Between the first look and the second, then twice as long each time, … */
const LOOK_AGAIN_MS_MIN = 60_000;
/** … up to this. */
const LOOK_AGAIN_MS_MAX = 3_600_000;
/** A file with two copies that never reaches a third server is not looked at any more. */
const PARTIAL_MS_MAX = 86_400_000;

/**
 * What follows from a look at a new file: `lost` and `give-up` are told to the operator, and like
 * `finish` end the looks.
 */
export type NextStep = 'finish' | 'look-again' | 'repair' | 'lost' | 'give-up';

/**
 * Nothing is done on the first sight of a missing replica, however old the file is: it may be just
 * on its way, from a storage server that has come back a moment ago.
 */
export function nextStep(
  verdict: ReplicaVerdict,
  { storedAtMs, attempts }: ReplicaCheck,
  nowMs: number,
  repairAfterMs: number,
): NextStep {
  const ageMs = nowMs - storedAtMs;
  const isRipe = ageMs >= repairAfterMs && attempts > 0;
  if (verdict === 'whole') return 'finish';
  if (verdict === 'partial' && ageMs >= PARTIAL_MS_MAX) return 'give-up';
  if (verdict === 'missing' && isRipe) return 'lost';
  if (needsRepair(verdict) && isRipe) return 'repair';
  return 'look-again';
}

/** When to look again: later each time, but as soon as the file may be stored anew. */
export function nextLookMs(
  { storedAtMs, attempts }: ReplicaCheck,
  nowMs: number,
  repairAfterMs: number,
): number {
  const restMs = Math.min(LOOK_AGAIN_MS_MIN * 2 ** Math.min(attempts, 30), LOOK_AGAIN_MS_MAX);
  const repairMs = storedAtMs + repairAfterMs;
  return repairMs > nowMs ? Math.min(nowMs + restMs, repairMs) : nowMs + restMs;
}
