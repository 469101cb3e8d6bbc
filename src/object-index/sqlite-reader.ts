import { listings, type OperationTable } from './operations.ts';
import { failedReply, type Reply, type Request } from './request-channel.ts';
import { type SqliteRunner, toIndexError } from './sqlite-database.ts';

/** Runs one listing on a snapshot; what went wrong is in the reply. */
export function runListing(runner: SqliteRunner, path: string, [name, args]: Request): Reply {
  try {
    const operation = (listings as OperationTable)[name];
    if (!operation) throw new Error(`no listing ${name}`);
    return { value: runner.runSnapshot(operation(...args)) };
  } catch (error) {
    return failedReply(toIndexError(error, path));
  }
}
