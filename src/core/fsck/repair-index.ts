import { type Damage, type IndexCheck, repairStage } from '../../object-index/damage.ts';
import type { ObjectIndex } from '../../object-index/object-index.ts';
import type { Finding, FindingLog } from './findings.ts';

/** Repairs that share a transaction, which other writes wait for. */
const REPAIRS_PER_TRANSACTION = 100;
/** Checks one after the other in which no repair finds its damage as it was, before it gives up. */
const FRUITLESS_CHECKS_MAX = 3;
/** Checks altogether; each mends up to 50,000 things. */
const CHECKS_MAX = 100;

type RepairingIndex = Pick<ObjectIndex, 'repairDamages'>;

export interface CheckAndRepairOptions {
  /** Checks the index as it is now. */
  readonly check: () => Promise<IndexCheck>;
  /** Opens it to write when there is something to mend; null only looks. */
  readonly openIndex: (() => Promise<RepairingIndex>) | null;
  readonly signal: AbortSignal;
  /** Takes what is found. */
  readonly findings: FindingLog;
  /** Told of each batch of repairs. */
  readonly onRepair?: (tried: number, total: number) => void;
}

/**
 * Checks an index and, when it is to be mended, mends what can be and checks again, until nothing is
 * left that can be. One thing may hide another, so that each round mends one stage; and writes go on
 * meanwhile, so that some damage may have changed when its turn comes. Gives the last check.
 */
export async function checkAndRepair(options: CheckAndRepairOptions): Promise<IndexCheck> {
  const { openIndex, findings, signal } = options;
  for (let checks = 1, fruitless = 0; ; checks += 1) {
    const check = await options.check();
    const isLast = fruitless >= FRUITLESS_CHECKS_MAX || checks >= CHECKS_MAX;
    const batch = openIndex && check.isSound && !isLast ? nextStage(check.damages) : [];
    if (!openIndex || batch.length === 0) {
      tellAll(findings, check, openIndex === null ? 'possible' : 'failed');
      return check;
    }
    const repairedCount = await repairAll(await openIndex(), batch, options);
    fruitless = repairedCount === 0 ? fruitless + 1 : 0;
    signal.throwIfAborted();
  }
}

function nextStage(damages: readonly Damage[]): Damage[] {
  const mendable = damages.filter(({ repair }) => repair !== null);
  const first = mendable.filter(({ repair }) => repair && repairStage(repair) === 1);
  return first.length > 0 ? first : mendable;
}

/** Gives the number of repairs that were made. */
async function repairAll(
  index: RepairingIndex,
  damages: readonly Damage[],
  { signal, findings, onRepair }: CheckAndRepairOptions,
): Promise<number> {
  let count = 0;
  for (let start = 0; start < damages.length; start += REPAIRS_PER_TRANSACTION) {
    signal.throwIfAborted();
    const batch = damages.slice(start, start + REPAIRS_PER_TRANSACTION);
    const outcomes = await index.repairDamages(batch);
    for (const [at, damage] of batch.entries()) {
      if (outcomes[at] !== 'repaired') continue;
      findings.add(toFinding(damage, 'repaired'));
      count += 1;
    }
    onRepair?.(start + batch.length, damages.length);
  }
  return count;
}

function tellAll(
  findings: FindingLog,
  { damages, leftOut }: IndexCheck,
  mendable: 'possible' | 'failed',
): void {
  for (const damage of damages) {
    findings.add(toFinding(damage, damage.repair === null ? 'impossible' : mendable));
  }
  for (const { kind, severity, isMendable, count } of leftOut) {
    const repair = isMendable ? mendable : 'impossible';
    findings.addUnseen({ kind, severity, repair }, count);
  }
}

function toFinding({ kind, severity, place, problem }: Damage, repair: Finding['repair']): Finding {
  const more =
    repair === 'failed' ? ' It changed each time it was to be mended; run fsck again.' : '';
  return { kind, severity, where: place, problem: problem + more, repair };
}
