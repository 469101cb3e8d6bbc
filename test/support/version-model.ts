/** AWS's rules of versions, as plainly as they can be said. Lists are newest first. */
export interface ModelVersion {
  /** `null`, or what the index called it. */
  readonly id: string;
  /** Null for a delete marker. */
  readonly etag: string | null;
}

export class VersionModel {
  versioning: 'Enabled' | 'Suspended' | null = null;
  readonly #keys = new Map<string, ModelVersion[]>();

  versions(key: string): readonly ModelVersion[] {
    return this.#keys.get(key) ?? [];
  }

  find(key: string, id: string | null): ModelVersion | undefined {
    const versions = this.versions(key);
    return id === null ? versions[0] : versions.find((version) => version.id === id);
  }

  /** What a reader without a version gets. */
  current(key: string): ModelVersion | undefined {
    const [newest] = this.versions(key);
    return newest?.etag === null ? undefined : newest;
  }

  /** The id must be the one that the state asks for. */
  write(key: string, version: ModelVersion): void {
    if (this.versioning === 'Enabled' && this.find(key, version.id))
      throw new Error('id given twice');
    if (this.versioning !== 'Enabled' && version.id !== 'null')
      throw new Error('not the null version');
    this.#keep(key, [version, ...this.versions(key).filter(({ id }) => id !== version.id)]);
  }

  /** Gives whether a delete marker was written or removed. */
  delete(key: string, id: string | null, newMarkerId: string | null): boolean {
    if (id !== null) {
      const isMarker = this.find(key, id)?.etag === null;
      this.#keep(
        key,
        this.versions(key).filter((version) => version.id !== id),
      );
      return isMarker;
    }
    if (this.versioning === null) {
      this.#keep(key, []);
      return false;
    }
    this.write(key, { id: newMarkerId ?? 'missing', etag: null });
    return true;
  }

  /** As ListObjectVersions tells of them; keys are ASCII. */
  all(): readonly (ModelVersion & { readonly key: string; readonly isLatest: boolean })[] {
    return [...this.#keys.keys()].sort().flatMap((key) =>
      this.versions(key).map((version, position) => ({
        ...version,
        key,
        isLatest: position === 0,
      })),
    );
  }

  #keep(key: string, versions: ModelVersion[]): void {
    if (versions.length > 0) this.#keys.set(key, versions);
    else this.#keys.delete(key);
  }
}
