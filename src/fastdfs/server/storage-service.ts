import { activeTest } from '../protocol/commands/active-test.ts';
import type { Header } from '../protocol/frame.ts';
import { downloadCommand } from './download-command.ts';
import type { StorageFaults } from './faults.ts';
import { fileCommands } from './file-commands.ts';
import { errno, RefusedRequest } from './refused-request.ts';
import type { ServerConnection } from './server-connection.ts';
import type { Service } from './service.ts';
import type { StorageContext } from './storage-context.ts';
import { uploadCommands } from './upload-commands.ts';

const handlers = new Map(
  [...fileCommands, ...uploadCommands, downloadCommand].map((handler) => [handler.code, handler]),
);

/**
 * The storage server's commands for clients. Those between servers are unknown here, status 22:
 * several of them would write to disk for anybody.
 */
export class StorageService implements Service {
  readonly name = 'storage';
  readonly closesAfterInvalid = true;
  readonly bodyLengthMax = null;
  readonly #context: StorageContext;

  constructor(context: StorageContext) {
    this.#context = context;
  }

  get faults(): StorageFaults {
    return this.#context.faults;
  }

  get takesRestForCommands(): boolean {
    return this.faults.restOfRefusedBody === 'commands';
  }

  connectionOpened(): void {
    this.#context.statistics.connectionOpened();
  }

  connectionClosed(): void {
    this.#context.statistics.connectionClosed();
  }

  async handle(header: Header, connection: ServerConnection): Promise<void> {
    const handler = handlers.get(header.code);
    if (handler === undefined) {
      throw new RefusedRequest(errno.EINVAL, `unknown storage command ${header.code}`);
    }
    if (header.code !== activeTest.code) await this.#context.diskAnswers(connection);
    await handler.handle(this.#context, header, connection);
  }
}
