import type { BlobStore } from '../../blob-store/blob-store.ts';
import { extensionOfName } from '../media-types.ts';

/** What a template may name, for its message. */
const templateNames = ['id', 'group', 'path', 'name', 'ext', 'yyyy', 'mm', 'dd'] as const;
type TemplateName = (typeof templateNames)[number];

/** The file ID itself: URLs of before only change their host name. */
export const defaultTemplate = '{id}';

/** Makes keys of file IDs. */
export class KeyTemplate {
  readonly #pieces: readonly string[];
  readonly #blobs: Pick<BlobStore, 'describeFile'>;

  /** Throws `RangeError` for a template that is none, and for one without what tells files apart. */
  constructor(template: string, blobs: Pick<BlobStore, 'describeFile'>) {
    this.#pieces = template.split(/\{([^{}]*)\}/);
    this.#blobs = blobs;
    const names = this.#pieces.filter((_, index) => index % 2 === 1);
    const unknown = names.find((name) => !isTemplateName(name));
    if (unknown !== undefined) {
      const known = templateNames.map((name) => `{${name}}`).join(' ');
      throw new RangeError(`{${unknown}} is nothing of a file ID; there are ${known}`);
    }
    if (!names.some((name) => ['id', 'path', 'name'].includes(name))) {
      throw new RangeError('it must have {id}, {path} or {name}, or files would share a key');
    }
  }

  /** `fileId` must be one. */
  keyOf(fileId: string): string {
    return this.#pieces
      .map((piece, index) => (index % 2 === 0 ? piece : this.#value(piece as TemplateName, fileId)))
      .join('');
  }

  #value(name: TemplateName, fileId: string): string {
    const slash = fileId.indexOf('/');
    switch (name) {
      case 'id':
        return fileId;
      case 'group':
        return fileId.slice(0, slash);
      case 'path':
        return fileId.slice(slash + 1);
      case 'name':
        return fileId.slice(fileId.lastIndexOf('/') + 1);
      case 'ext':
        return extensionOfName(fileId).slice(1);
      case 'yyyy':
        return this.#date(fileId).slice(0, 4);
      case 'mm':
        return this.#date(fileId).slice(5, 7);
      case 'dd':
        return this.#date(fileId).slice(8, 10);
    }
  }

  /** In UTC, by the clock of the storage server that took the file. */
  #date(fileId: string): string {
    return new Date(this.#blobs.describeFile(fileId).storedAtMs).toISOString();
  }
}

function isTemplateName(name: string): name is TemplateName {
  return (templateNames as readonly string[]).includes(name);
}
