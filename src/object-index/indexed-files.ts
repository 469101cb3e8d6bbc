import type {
  NamedFile,
  ReplicaCheck,
  ReplicaCheckKey,
  ReplicaCheckQueue,
} from './file-records.ts';
import type {
  FileReferencesPage,
  FileUse,
  ImportObjectsOutcome,
  ImportObjectsRequest,
  ListFileReferencesRequest,
  RepointFileOutcome,
  RepointFileRequest,
} from './file-requests.ts';

/** Files on FastDFS, as rows of all kinds refer to them. Part of `ObjectIndex`, whose promises hold. */
export interface IndexedFiles {
  /** New files of one group whose replicas are to be looked for now, oldest first. */
  listDueReplicaChecks(
    groupName: string,
    nowMs: number,
    limit: number,
  ): Promise<readonly ReplicaCheck[]>;
  /** Groups with files that wait for a look, due or not, in order of name. */
  listReplicaCheckQueues(): Promise<readonly ReplicaCheckQueue[]>;
  countReplicaChecks(): Promise<number>;
  finishReplicaChecks(checks: readonly ReplicaCheckKey[]): Promise<void>;
  postponeReplicaChecks(
    postponed: readonly { readonly check: ReplicaCheckKey; readonly untilMs: number }[],
  ): Promise<void>;
  /** Whether a file is needed, as far as that can be told from one key where it may be. */
  findFileUse(fileId: string, bucketId: number, key: string): Promise<FileUse>;
  /**
   * The keys that a file ID is known by; null for a file that nothing refers to, or that nobody is to
   * know by its ID.
   */
  findNamedFile(fileId: string): Promise<NamedFile | null>;
  /** A page of all rows that refer to files, for walks over the whole index. */
  listFileReferences(request: ListFileReferencesRequest): Promise<FileReferencesPage>;
  /** About how many references such a walk will give; slow. */
  countFileReferences(bucketId: number | null): Promise<number>;
  /**
   * All files that something refers to or that wait for their deletion, at one moment, in the order
   * of their bytes, some at a time; one may come several times. Takes working files in `directory`
   * of about 100 bytes a file, and as many again where SQLite sorts (TMPDIR).
   */
  listUsedFiles(directory: string): AsyncIterable<readonly string[]>;
  /**
   * Gives keys to files that are there already. Each file must be one that nothing referred to when
   * `locateFiles` looked, and that no write is about to refer to (see `write-duration.ts` of core;
   * writes name the files with an extension, so that those are noticed here), or be told of in
   * `uses`.
   */
  importObjects(request: ImportObjectsRequest): Promise<ImportObjectsOutcome>;
  /**
   * Notes in the working file of an import, see `import-plan.ts`, which of its files something refers
   * to at this moment, or wait for their deletion.
   */
  locateFiles(workingPath: string): Promise<void>;
  /** Puts one file in the place of another one with the same bytes. */
  repointFile(request: RepointFileRequest): Promise<RepointFileOutcome>;
  /** The file that took the place of another one which something still refers to; else null. */
  findReplacement(oldFileId: string): Promise<string | null>;
}
