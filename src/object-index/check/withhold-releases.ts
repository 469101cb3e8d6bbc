import type { Damage, DamageRepair } from '../damage.ts';
import type { DamageLog } from './damage-log.ts';

/** What is told of objects and parts that lack bytes, or whose bytes are not known for certain. */
const LACKING = new Set([
  'segment-gap',
  'segment-outside-file',
  'file-id-malformed',
  'file-size-differs',
  'object-id-twice',
]);

const ADVICE =
  'It stays as it is while objects or parts lack bytes, which may be these: mend or delete those first.';

/**
 * Takes the repairs away that would let files go, when something lacks bytes: a number or name that
 * is damaged makes the rows of an object look like those of nothing, and a backup that is restored
 * later, or a person, may still bring both together.
 */
export function withholdReleases(log: DamageLog): void {
  const lacks = ({ kind }: Pick<Damage, 'kind'>) => LACKING.has(kind);
  const isAnyLacking =
    log.damages.some((damage) => damage.repair === null && lacks(damage)) ||
    log.leftOut.some((damage) => !damage.isMendable && lacks(damage));
  if (!isAnyLacking) return;
  log.replaceAll((damage) =>
    damage.repair && releasesFiles(damage.repair)
      ? { ...damage, repair: null, problem: `${damage.problem} ${ADVICE}` }
      : damage,
  );
}

function releasesFiles(repair: DamageRepair): boolean {
  switch (repair.name) {
    case 'dead-object-rows':
      return repair.table === 'segments';
    case 'file-state':
      return repair.referenceCount === 0;
    case 'needless-segments':
    case 'dead-parts':
    case 'dead-part-segments':
      return true;
    case 'replaced-file':
      return !repair.isMalformed;
    default:
      return false;
  }
}
