import fc from 'fast-check';
import type { SegmentContent } from '../../src/object-index/records.ts';
import { appendTo } from './append-request.ts';
import { newObject, newPart, newUpload } from './new-records.ts';
import { type IndexOperations, NOW_MS } from './object-index.ts';

const ETAG = 'd41d8cd98f00b204e9800998ecf8427e';

const keys = ['a', 'b', 'c', 'd'] as const;
const uploadIds = ['u1', 'u2'] as const;
const key = fc.constantFrom(...keys);
const uploadId = fc.constantFrom(...uploadIds);
/** Sizes of the files that hold the content. */
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 });
const partNumber = fc.integer({ min: 1, max: 3 });

/** One write of any kind; names are few, so that writes meet. */
export const anyWrite = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, sizes }),
  fc.record({ kind: fc.constant('copy' as const), from: key, to: key }),
  fc.record({ kind: fc.constant('append' as const), key, sizes }),
  fc.record({ kind: fc.constant('rename' as const), from: key, to: key }),
  fc.record({ kind: fc.constant('delete' as const), keys: fc.subarray([...keys]) }),
  fc.record({ kind: fc.constant('delete-version' as const), key, nth: fc.nat(3) }),
  fc.record({
    kind: fc.constant('versioning' as const),
    state: fc.constantFrom('Enabled' as const, 'Suspended' as const),
  }),
  fc.record({ kind: fc.constant('part' as const), uploadId, partNumber, sizes }),
  fc.record({
    kind: fc.constant('copy-part' as const),
    ...{ uploadId, partNumber, from: key },
    ...{ start: fc.nat(9), size: fc.nat(9), isWhole: fc.boolean() },
  }),
  fc.record({ kind: fc.constant('complete' as const), uploadId, skipped: partNumber }),
  fc.record({ kind: fc.constant('abort' as const), uploadId }),
  fc.record({ kind: fc.constant('repoint' as const), of: key, at: fc.subarray([...keys]) }),
  fc.record({ kind: fc.constant('queue' as const) }),
  fc.record({ kind: fc.constant('forget-queued' as const) }),
);

export type AnyWrite = typeof anyWrite extends fc.Arbitrary<infer Write> ? Write : never;

/** Does writes as the gateway would; those that cannot be done now change nothing. */
export class RandomWriter {
  readonly #index: IndexOperations;
  readonly #bucketId: number;
  #files = 0;
  /** Upload IDs are never given out twice: each that ended makes room for another one. */
  readonly #ended = new Map<string, number>();

  constructor(index: IndexOperations, bucketId: number) {
    this.#index = index;
    this.#bucketId = bucketId;
  }

  async write(write: AnyWrite): Promise<void> {
    const index = this.#index;
    const bucketId = this.#bucketId;
    switch (write.kind) {
      case 'put': {
        const segments = this.#segments(write.sizes);
        await index.putObject(newObject(bucketId, write.key, { segments, etag: ETAG }));
        return;
      }
      case 'copy':
        return await this.#copy(write);
      case 'append':
        return await this.#append(write);
      case 'rename':
        return await this.#rename(write);
      case 'delete':
        await index.deleteObjects(bucketId, write.keys);
        return;
      case 'delete-version':
        return await this.#deleteVersion(write);
      case 'versioning':
        await index.setBucketVersioning(bucketId, write.state);
        return;
      case 'part': {
        const upload = await this.#upload(write.uploadId);
        const segments = this.#segments(write.sizes);
        await index.putPart(newPart(upload, write.partNumber, { segments, etag: ETAG }));
        return;
      }
      case 'copy-part':
        return await this.#copyPart(write);
      case 'complete':
        return await this.#complete(write);
      case 'abort':
        await index.abortUpload(bucketId, 'uploaded', this.#idOf(write.uploadId));
        return;
      case 'repoint':
        return await this.#repoint(write);
      case 'queue':
        return await index.queueDeletions([this.#newFile(1)], NOW_MS);
      case 'forget-queued': {
        const page = { groupName: 'group1', dueAtMs: Number.MAX_SAFE_INTEGER, after: null };
        const due = await index.listDueDeletions({ ...page, limit: 2 });
        return await index.finishDeletions(due.map(({ id }) => id));
      }
    }
  }

  #newFile(size: number): string {
    this.#files += 1;
    return `group1/${size}-${this.#bucketId}-${this.#files}`;
  }

  #segments(sizesOf: readonly number[]): SegmentContent[] {
    return sizesOf.map((size) => ({ fileId: this.#newFile(size), fileOffset: 0, size }));
  }

  #idOf(name: string): string {
    return `${name}-${this.#bucketId}-${this.#ended.get(name) ?? 0}`;
  }

  async #upload(name: string) {
    const id = this.#idOf(name);
    const upload = newUpload(this.#bucketId, 'uploaded', id);
    if (!(await this.#index.findUpload(this.#bucketId, 'uploaded', id))) {
      await this.#index.createUpload(upload);
    }
    return upload;
  }

  async #deleteVersion({ key: ofKey, nth }: Extract<AnyWrite, { kind: 'delete-version' }>) {
    const { versions } = await this.#index.listVersions({
      ...{ bucketId: this.#bucketId, prefix: ofKey, delimiter: '', limit: 10 },
      ...{ keyMarker: '', versionIdMarker: '' },
    });
    const version = versions[nth % versions.length];
    if (!version) return;
    const { key: ofVersion, versionId } = version;
    await this.#index.deleteObjects(this.#bucketId, [{ key: ofVersion, versionId }]);
  }

  async #copy({ from, to }: { readonly from: string; readonly to: string }): Promise<void> {
    const bucketId = this.#bucketId;
    const source = await this.#index.findObject(bucketId, from);
    if (!source || source.isDeleteMarker) return;
    await this.#index.copyObject({
      ...{ source: { bucketId, key: from }, sourceObjectId: source.id, ownerId: 'owner' },
      ...{ destination: { bucketId, key: to }, lastModifiedMs: NOW_MS, description: null },
    });
  }

  async #append({ key: to, sizes: sizesOf }: Extract<AnyWrite, { kind: 'append' }>) {
    const object = await this.#index.findObject(this.#bucketId, to);
    if (!object || object.isDeleteMarker || sizesOf.length === 0) return;
    await this.#index.appendObject(appendTo(object, this.#segments(sizesOf), { etag: ETAG }));
  }

  async #rename({ from, to }: { readonly from: string; readonly to: string }): Promise<void> {
    // The gateway refuses it before it gets here.
    if (from === to) return;
    const names = { bucketId: this.#bucketId, sourceKey: from, key: to };
    await this.#index.renameObject({ ...names, token: null });
  }

  async #copyPart(write: Extract<AnyWrite, { readonly kind: 'copy-part' }>): Promise<void> {
    const bucketId = this.#bucketId;
    const source = await this.#index.findObject(bucketId, write.from);
    if (!source || source.isDeleteMarker) return;
    const start = write.isWhole ? 0 : Math.min(write.start, source.size);
    const size = write.isWhole ? source.size : Math.min(write.size, source.size - start);
    const {
      segments: _,
      size: __,
      ...part
    } = newPart(await this.#upload(write.uploadId), write.partNumber, { etag: ETAG });
    await this.#index.copyPart({
      ...{ ...part, source: { bucketId, key: write.from }, sourceObjectId: source.id },
      range: { start, size },
    });
  }

  async #complete({ uploadId: name, skipped }: Extract<AnyWrite, { kind: 'complete' }>) {
    const id = this.#idOf(name);
    const { parts } = await this.#index.listParts(id, 0, 10);
    const listed = parts.filter((part) => part.partNumber !== skipped);
    if (listed.length === 0) return;
    this.#ended.set(name, (this.#ended.get(name) ?? 0) + 1);
    await this.#index.completeUpload({
      ...{ bucketId: this.#bucketId, key: 'uploaded', uploadId: id, parts: listed },
      ...{ etag: `${ETAG}-${listed.length}`, checksum: null, lastModifiedMs: NOW_MS },
    });
  }

  async #repoint({ of, at }: Extract<AnyWrite, { kind: 'repoint' }>): Promise<void> {
    const bucketId = this.#bucketId;
    const object = await this.#index.findObject(bucketId, of);
    if (!object) return;
    const [segment] = await this.#index.listSegments(object.id, 0, 1);
    const oldFileId = object.fileId ?? segment?.fileId;
    if (oldFileId === undefined) return;
    const size = Number(/(\d+)-/.exec(oldFileId)?.[1]);
    const newFileId = (await this.#index.findReplacement(oldFileId)) ?? this.#newFile(size);
    const locations = at.map((one) => ({ bucketId, key: one }));
    await this.#index.repointFile({ oldFileId, newFileId, locations });
  }
}
