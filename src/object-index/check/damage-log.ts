import { type Damage, type IndexCheck, repairStage } from '../damage.ts';

/** Damage that is kept with all it tells, of each stage of repairs; more is only counted. */
const MENDABLE_KEPT_MAX = 50_000;
const OTHERS_KEPT_MAX = 10_000;

/** What a check finds, in bounded memory. */
export class DamageLog {
  readonly #others: Damage[] = [];
  readonly #byStage: Readonly<Record<1 | 2, Damage[]>> = { 1: [], 2: [] };
  readonly #leftOut = new Map<string, IndexCheck['leftOut'][number]>();

  add(damage: Damage): void {
    const { repair } = damage;
    const kept = repair === null ? this.#others : this.#byStage[repairStage(repair)];
    const max = repair === null ? OTHERS_KEPT_MAX : MENDABLE_KEPT_MAX;
    if (kept.length < max) kept.push(damage);
    else this.#leaveOut(damage);
  }

  get damages(): Damage[] {
    return [...this.#byStage[1], ...this.#byStage[2], ...this.#others];
  }

  /** Puts others in their place, with more facts. */
  replaceAll(change: (damage: Damage) => Damage): void {
    for (const list of [this.#byStage[1], this.#byStage[2], this.#others]) {
      for (const [index, damage] of list.entries()) list[index] = change(damage);
    }
  }

  get leftOut(): IndexCheck['leftOut'] {
    return [...this.#leftOut.values()];
  }

  #leaveOut({ kind, severity, repair }: Damage): void {
    const isMendable = repair !== null;
    const name = `${kind} ${severity} ${isMendable}`;
    const count = (this.#leftOut.get(name)?.count ?? 0) + 1;
    this.#leftOut.set(name, { kind, severity, isMendable, count });
  }
}
