import type { ImportedObject } from '../../object-index/file-requests.ts';
import type { PlacedRow } from '../../object-index/import-records.ts';
import { hasExtension, type ObjectDescription } from '../../object-index/records.ts';
import { checkedDescription } from '../descriptions.ts';
import { GatewayError } from '../errors.ts';
import { mediaTypeOfName } from '../media-types.ts';
import { checkKey } from '../names.ts';
import { withDefaultRetention } from '../object-lock.ts';
import type { CoreServices } from '../services.ts';
import { orphanAgeMsMin } from '../write-duration.ts';
import { type ExportedObject, exportedObject, segmentsOf } from './exported-object.ts';
import { askForFacts, type FileFacts, knownFacts, readMd5 } from './file-facts.ts';
import { type ImportOptions, RowFailure } from './import-request.ts';
import { importedEtag } from './imported-etag.ts';

const MD5_OF_NOTHING = 'd41d8cd98f00b204e9800998ecf8427e';
const MD5 = /^[0-9a-f]{32}$/;
const detailOf = exportedObject.omit({ key: true });

type Core = Pick<CoreServices, 'index' | 'blobs' | 'now'>;
type Detail = Omit<ExportedObject, 'key'>;

/** Throws `RowFailure` for a row of which no object can be made, or the signal's reason. */
export async function prepareObject(
  core: Core,
  row: PlacedRow,
  options: ImportOptions,
  signal: AbortSignal,
): Promise<ImportedObject> {
  checkRowKey(row.key);
  const detail = row.detail === null ? null : detailOf.parse(JSON.parse(row.detail));
  const facts: FileFacts[] = [];
  for (const fileId of row.fileIds) facts.push(await factsOf(core, row, fileId, options, signal));
  return detail === null
    ? await plainObject(core, row, facts[0] ?? null, options, signal)
    : describedObject(core, row, detail, facts, options);
}

function checkRowKey(key: string): void {
  try {
    checkKey(key);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw new RowFailure('malformed', `no object can have its key (${error.code})`);
  }
}

async function factsOf(
  { blobs, now }: Core,
  { uses }: PlacedRow,
  fileId: string,
  { checks, questionPace, isForeign }: ImportOptions,
  signal: AbortSignal,
): Promise<FileFacts> {
  const description = blobs.describeFile(fileId);
  const known = knownFacts(description);
  let facts = known;
  if (known === null || checks) {
    await questionPace.next(signal);
    facts = await askForFacts(blobs, fileId, signal);
  }
  if (facts === null) throw new RowFailure('unavailable', 'nobody tells its size');
  if (isForeign) return facts;
  // A slave's ID has the time of its master.
  const storedAtMs = Math.max(facts.storedAtMs, description.storedAtMs);
  const isKnown = uses.some((use) => use.fileId === fileId);
  if (!isKnown && !hasExtension(fileId) && storedAtMs > now() - orphanAgeMsMin) {
    const time = new Date(storedAtMs + orphanAgeMsMin).toISOString();
    throw new RowFailure('too-new', `a write may be about to use it until ${time}`);
  }
  return facts;
}

/** Of a row that names a file, and nothing else. */
async function plainObject(
  core: Core,
  row: PlacedRow,
  facts: FileFacts | null,
  options: ImportOptions,
  signal: AbortSignal,
): Promise<ImportedObject> {
  const [fileId = ''] = row.fileIds;
  const { size = 0, crc32 = null, storedAtMs = 0 } = facts ?? {};
  const type = mediaTypeOfName(row.key) ?? mediaTypeOfName(fileId);
  const object = {
    ...common(core, row, options, storedAtMs),
    ...description({ headers: type === null ? {} : { 'content-type': type }, userMetadata: {} }),
    size,
    checksum: crc32 === null || size === 0 ? null : crc32Checksum(crc32),
    // An empty object has no file.
    segments: size === 0 ? [] : [{ fileId, fileOffset: 0, size }],
    uses: size === 0 ? [] : row.uses,
  };
  return { ...object, etag: await etagOf(core, row, { fileId, size, crc32 }, options, signal) };
}

async function etagOf(
  { index, blobs }: Core,
  { key }: PlacedRow,
  { fileId, size, crc32 }: { fileId: string; size: number; crc32: number | null },
  { bucket, readsMd5, isDryRun, bytePace }: ImportOptions,
  signal: AbortSignal,
): Promise<string> {
  if (size === 0) return MD5_OF_NOTHING;
  if (!readsMd5 || isDryRun) return importedEtag(fileId, size, crc32);
  const current = await index.findObject(bucket.id, key);
  if (current?.fileId === fileId && MD5.test(current.etag)) return current.etag;
  return await readMd5(blobs, { fileId, size }, bytePace, signal);
}

/** Of a line of an export, which tells all. */
function describedObject(
  core: Core,
  row: PlacedRow,
  detail: Detail,
  facts: readonly FileFacts[],
  options: ImportOptions,
): ImportedObject {
  const { etag, lastModified, headers = {}, userMetadata = {}, tags, checksum, size } = detail;
  const segments = segmentsOf(detail).map(({ fileId, offset, size: length }, index) => {
    const fileSize = facts[index]?.size ?? 0;
    if (offset + length > fileSize) {
      throw new RowFailure('damaged', `${fileId} has ${fileSize} bytes only`);
    }
    const hasMoreBehind = offset + length < fileSize;
    return { fileId, fileOffset: offset, size: length, ...(hasMoreBehind && { hasMoreBehind }) };
  });
  const [first] = facts;
  const storedAtMs = lastModified === undefined ? first?.storedAtMs : Date.parse(lastModified);
  const stands = size === 0 ? MD5_OF_NOTHING : importedEtag(row.fileIds.join(' '), size, null);
  const isWhole = segments.length === 1 && segments[0]?.size === first?.size;
  const whole = isWhole ? importedEtag(row.fileIds[0] ?? '', size, first?.crc32 ?? null) : stands;
  return {
    ...common(core, row, options, storedAtMs ?? core.now()),
    ...description({ headers, userMetadata }),
    ...(tags && { tags }),
    size,
    etag: etag ?? whole,
    checksum: checksum ?? null,
    segments,
    uses: row.uses,
  };
}

function common(
  { now }: Core,
  { key }: PlacedRow,
  { bucket, ownerId }: ImportOptions,
  lastModifiedMs: number,
) {
  return { key, ownerId, lastModifiedMs, ...withDefaultRetention(bucket, {}, now()) };
}

function description(given: ObjectDescription): ObjectDescription {
  try {
    return checkedDescription(given);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw new RowFailure('malformed', `no object can have its headers (${error.code})`);
  }
}

/** S3 writes checksums in base64, the highest byte first. */
function crc32Checksum(crc32: number): ImportedObject['checksum'] {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32);
  return { algorithm: 'CRC32', type: 'FULL_OBJECT', value: bytes.toString('base64') };
}
