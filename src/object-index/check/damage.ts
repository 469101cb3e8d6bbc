/** Where damage is; ids as the tables have them. */
export interface DamagePlace {
  readonly bucketId?: number;
  readonly key?: string;
  readonly uploadId?: string;
  readonly objectId?: number;
  readonly fileId?: string;
}

/** Something in the database that no sequence of operations leaves there. */
export interface Damage {
  /** In kebab-case. */
  readonly kind: string;
  readonly severity: 'severe' | 'error' | 'warning';
  readonly place: DamagePlace;
  /** A sentence for the operator, with what to do when it cannot be mended. */
  readonly problem: string;
}

/** Who is told what a check finds and how far it is. */
export interface CheckListener {
  found(damage: Damage): void;
  /** Rows that were looked at since the last call. */
  advance(rowCount: number): void;
}
