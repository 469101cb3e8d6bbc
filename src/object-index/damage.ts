/** Where damage is; ids as the tables have them. */
export interface DamagePlace {
  readonly bucketId?: number;
  /** Of an object, or of the upload that `uploadId` names. */
  readonly key?: string;
  /** With `bucketId` and `key`, which row of `objects`. */
  readonly versionRank?: number;
  readonly uploadId?: string;
  readonly partNumber?: number;
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
  readonly repair: DamageRepair | null;
}

/**
 * How damage is mended, with all that must still be so when it is: a repair runs on an index that
 * was written to since the damage was found.
 */
export type DamageRepair =
  /** Corrects the count of references, and takes a file that is needed out of the queue. */
  | {
      readonly name: 'file-state';
      readonly recordedCount: number | null;
      readonly isQueued: boolean;
      /** What the count is to be; 0 queues the file. */
      readonly referenceCount: number;
      /** Some objects that refer to the file. */
      readonly references: readonly ObjectKey[];
      /** No file of that name can exist, so that there is nothing to delete. */
      readonly isMalformed: boolean;
    }
  /** Lets object ids begin above this one. */
  | { readonly name: 'sequence'; readonly lastValueMin: number }
  | { readonly name: 'queue-group'; readonly groupName: string }
  | {
      readonly name: 'replica-check';
      readonly groupName: string;
      readonly dueMs: number;
      /** Null drops the row. */
      readonly newGroupName: string | null;
    }
  /** Drops a queued file that cannot exist. */
  | { readonly name: 'queue-row' }
  /** Makes a bucket of that id for the objects and uploads that are in none. */
  | { readonly name: 'bucket'; readonly bucketName: string; readonly ownerId: string }
  /** Makes unreadable headers or metadata empty. */
  | {
      readonly name: 'description';
      readonly table: 'objects' | 'uploads';
      readonly column: 'headers' | 'user_metadata';
      readonly text: string;
    }
  | { readonly name: 'part-count'; readonly from: number | null; readonly to: number }
  /** Drops rows of an object that does not exist, and releases their files. */
  | { readonly name: 'dead-object-rows'; readonly table: 'segments' | 'object_parts' }
  /** Drops segments of an object that is one whole file, and releases their files. */
  | { readonly name: 'needless-segments' }
  /** Drops the list of parts of an object that was not uploaded in parts. */
  | { readonly name: 'needless-object-parts' }
  /** Drops parts of an upload that does not exist, and releases their files. */
  | { readonly name: 'dead-parts' }
  /** Drops segments of a part that does not exist, or is one whole file. */
  | { readonly name: 'dead-part-segments' }
  /** Drops a replacement of a file that nothing refers to any more, or one that cannot exist. */
  | { readonly name: 'replaced-file'; readonly newFileId: string; readonly isMalformed: boolean }
  /** Lets a replacement that was replaced itself lead to the last file. */
  | { readonly name: 'replaced-chain'; readonly newFileId: string; readonly lastFileId: string }
  | { readonly name: 'dead-settings' }
  /** Forgets that a key is that file. */
  | { readonly name: 'named-file'; readonly isUsed: boolean }
  /** Takes a file for an imported one: those are kept. */
  | { readonly name: 'imported-file' }
  /** Adds to what is recorded that a bucket takes. */
  | { readonly name: 'bucket-usage'; readonly objectCount: number; readonly sizeBytes: number }
  | {
      readonly name: 'user-usage';
      readonly userId: string;
      readonly objectCount: number;
      readonly sizeBytes: number;
    };

/** Names one row of `objects`. */
export interface ObjectKey {
  readonly bucketId: number;
  readonly key: string;
  readonly versionRank: number;
}

/** `changed`: what was found is not there any more, or not as it was; nothing was done. */
export type RepairOutcome = 'repaired' | 'changed';

/**
 * Repairs that drop rows release the files of these, which is right only where all counts are
 * right: they wait until no other damage is left that can be mended.
 */
export function repairStage({ name }: DamageRepair): 1 | 2 {
  switch (name) {
    case 'dead-object-rows':
    case 'needless-segments':
    case 'needless-object-parts':
    case 'dead-parts':
    case 'dead-part-segments':
    case 'replaced-file':
    case 'replaced-chain':
    case 'dead-settings':
    case 'named-file':
      return 2;
    default:
      return 1;
  }
}

/** What the check of an index counted, and what it found. */
export interface IndexCheck {
  readonly isSound: boolean;
  /** Rows by table. */
  readonly rowCounts: Readonly<Record<string, number>>;
  /** Those that can be mended first, up to a bound; the worst ones first of each. */
  readonly damages: readonly Damage[];
  /** More of the same, which are only counted. */
  readonly leftOut: readonly (Pick<Damage, 'kind' | 'severity'> & {
    readonly isMendable: boolean;
    readonly count: number;
  })[];
  /** Buckets by id, for reports. */
  readonly bucketNames: readonly (readonly [id: number, name: string])[];
}
