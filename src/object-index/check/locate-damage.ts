import type { Damage, ObjectKey } from '../damage.ts';
import type { SqliteDatabase } from '../sqlite-database.ts';
import type { DamageLog } from './damage-log.ts';

/**
 * Finds the keys of objects of which only the number is known, and of those that segments with a
 * damaged file belong to. Reads all objects once, when there are any such.
 */
export function locateDamage(database: SqliteDatabase, log: DamageLog): void {
  const objectOfFile = database
    .prepare('SELECT object_id FROM segments WHERE file_id = ? LIMIT 1')
    .pluck();
  log.replaceAll((damage) => {
    const { fileId, key, objectId } = damage.place;
    if (damage.repair?.name !== 'file-state' || key !== undefined || objectId !== undefined) {
      return damage;
    }
    const found = objectOfFile.get(fileId) as number | undefined;
    return found === undefined ? damage : withPlace(damage, { objectId: found });
  });
  const wanted = new Set<number>();
  for (const { place } of log.damages) {
    if (place.objectId !== undefined && place.key === undefined) wanted.add(place.objectId);
  }
  if (wanted.size === 0) return;
  const keys = findKeys(database, wanted);
  log.replaceAll((damage) => {
    const { objectId, key } = damage.place;
    const found = objectId === undefined || key !== undefined ? undefined : keys.get(objectId);
    return found === undefined ? damage : withPlace(damage, found);
  });
}

function findKeys(database: SqliteDatabase, ids: ReadonlySet<number>): Map<number, ObjectKey> {
  database.exec('CREATE TEMP TABLE wanted_objects (id INTEGER PRIMARY KEY)');
  const insert = database.prepare('INSERT INTO temp.wanted_objects (id) VALUES (?)');
  database.transaction(() => {
    for (const id of ids) insert.run(id);
  })();
  const keys = new Map<number, ObjectKey>();
  const rows = database
    .prepare(
      `SELECT o.id, o.bucket_id, o.key, o.version_rank
        FROM objects o CROSS JOIN temp.wanted_objects w ON w.id = o.id`,
    )
    .raw()
    .iterate() as IterableIterator<readonly [number, number, string, number]>;
  for (const [id, bucketId, key, versionRank] of rows) keys.set(id, { bucketId, key, versionRank });
  return keys;
}

function withPlace(damage: Damage, more: Damage['place']): Damage {
  return { ...damage, place: { ...damage.place, ...more } };
}
