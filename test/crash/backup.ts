import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandProcess, startCommand } from '../support/gateway-process.ts';
import { verifyIndex } from './verify-index.ts';
import { Violation } from './violation.ts';

/** The command that copies the index, beside a gateway. */
export class Backup {
  readonly #path: string;
  readonly #command: CommandProcess;

  private constructor(path: string, command: CommandProcess) {
    this.#path = path;
    this.#command = command;
  }

  static start(dataDir: string): Backup {
    const path = join(dataDir, 'crash-backup.sqlite');
    return new Backup(path, startCommand(dataDir, ['backup', path]));
  }

  /** Lets it end, or kills it. Gives the path when there is a backup. */
  async end(survives: boolean): Promise<string | null> {
    const { code, signal, output } = await this.#command.end(survives ? null : 'SIGKILL');
    const isThere = existsSync(this.#path);
    if (signal === null && (code !== 0 || !isThere)) {
      throw new Violation('a backup failed while the gateway was killed', { code, output });
    }
    return isThere ? this.#path : null;
  }
}

/** Whatever was killed when: what has the name of a backup is a whole one. Removes it. */
export async function verifyBackup(path: string): Promise<void> {
  await verifyIndex(path);
  rmSync(path);
}
