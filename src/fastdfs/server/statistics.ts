import { emptyStorageStat, type StorageStat } from '../protocol/storage-stat.ts';

/** Commands that are counted, by FastDFS's names for their counters. */
export type CountedCommand =
  | 'Upload'
  | 'Append'
  | 'Modify'
  | 'Truncate'
  | 'SetMeta'
  | 'Delete'
  | 'Download'
  | 'GetMeta';

type CountedBytes = 'Upload' | 'Append' | 'Modify' | 'Download';

/** What the storage server has done since it started, as trackers list it. */
export class Statistics {
  readonly #stat = emptyStorageStat();

  /** Seconds since 1970. */
  readonly startedAt = nowSeconds();

  connectionOpened(): void {
    this.#stat.connectionAllocCount += 1;
    this.#stat.connectionCurrentCount += 1;
    const { connectionCurrentCount, connectionMaxCount } = this.#stat;
    this.#stat.connectionMaxCount = Math.max(connectionMaxCount, connectionCurrentCount);
  }

  connectionClosed(): void {
    this.#stat.connectionCurrentCount -= 1;
  }

  /** Runs the command and counts it, the failed ones as tried only. */
  async count<T>(command: CountedCommand, task: () => Promise<T>): Promise<T> {
    this.#stat[`total${command}Count`] += 1;
    const result = await task();
    this.#stat[`success${command}Count`] += 1;
    if (command !== 'Download' && command !== 'GetMeta') this.#stat.lastSourceUpdate = nowSeconds();
    return result;
  }

  countBytes(command: CountedBytes, byteCount: number): void {
    this.#stat[`total${command}Bytes`] += byteCount;
    this.#stat[`success${command}Bytes`] += byteCount;
  }

  /** Counts work on files, as FastDFS does for its monitor. */
  countIo(kind: 'Open' | 'Read' | 'Write'): void {
    this.#stat[`totalFile${kind}Count`] += 1;
    this.#stat[`successFile${kind}Count`] += 1;
  }

  /** A copy; the heartbeat is that of this moment, since tracker and storage are one. */
  snapshot(): StorageStat {
    return { ...this.#stat, lastHeartBeatTime: nowSeconds() };
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
