import { setTimeout as sleep } from 'node:timers/promises';
import { ProtocolError } from '../protocol/errors.ts';
import type { Header } from '../protocol/frame.ts';
import { ConnectionLost } from './content-source.ts';
import type { ServiceFaults } from './faults.ts';
import { errno, fastdfsStatusOf, RefusedRequest } from './refused-request.ts';
import type { ServerConnection } from './server-connection.ts';

/** After a refusal this much of a body is still read, so that slow readers of answers see theirs. */
const DISCARDED_BYTES_MAX = 256 * 1024 * 1024;

const QUIT = 82;

/** Statuses that are a client's business and tell nothing about this server. */
const ordinaryStatuses = new Set<number>([
  errno.ENOENT,
  errno.EEXIST,
  errno.EISDIR,
  errno.EINVAL,
  errno.EOPNOTSUPP,
  errno.EBUSY,
]);

/** Told of what an operator should know: a disk that fails, an error that has no status. */
export type ReportProblem = (message: string, facts: Record<string, unknown>) => void;

/** One of the two servers behind a listener. */
export interface Service {
  readonly name: 'tracker' | 'storage';
  readonly faults: ServiceFaults;
  /** A storage server closes the connection after status 22, a tracker does not. */
  readonly closesAfterInvalid: boolean;
  /** Takes what follows the buffer of a refused body for new requests. */
  readonly takesRestForCommands: boolean;
  /** Larger bodies close the connection without an answer; null for no limit. */
  readonly bodyLengthMax: number | null;
  /** Reads the body and answers, or throws what has a status. */
  handle(header: Header, connection: ServerConnection): Promise<void>;
  connectionOpened(): void;
  connectionClosed(): void;
}

/** Answers the requests of one connection until it ends. Never throws. */
export async function serveConnection(
  connection: ServerConnection,
  service: Service,
  report: ReportProblem,
): Promise<void> {
  try {
    while (await serveRequest(connection, service, report)) {
      // One request after the other.
    }
  } catch (error) {
    connection.destroy();
    // A peer that does not speak FastDFS sends absurd lengths: closed without an answer.
    if (error instanceof ConnectionLost || error instanceof ProtocolError) return;
    report(`${service.name} connection failed`, { err: error });
  }
}

/** False when the connection has no next request. */
async function serveRequest(
  connection: ServerConnection,
  service: Service,
  report: ReportProblem,
): Promise<boolean> {
  const header = await connection.readHeader();
  if (header === null || header.code === QUIT) {
    connection.finish();
    return false;
  }
  if (service.bodyLengthMax !== null && header.bodyLength > service.bodyLengthMax) {
    throw new ProtocolError(`body of ${header.bodyLength} bytes`);
  }
  connection.reply.startRequest();
  try {
    await runWithFaults(header, connection, service);
    await connection.discardBody();
    return true;
  } catch (error) {
    return await answerFailure(error, header, connection, service, report);
  }
}

async function runWithFaults(header: Header, connection: ServerConnection, service: Service) {
  const { faults } = service;
  if (faults.isUnanswered(header.code)) {
    await connection.discardBody();
    return;
  }
  if (faults.delayMs > 0) await sleep(faults.delayMs);
  const status = faults.statuses.get(header.code);
  if (status !== undefined) throw new RefusedRequest(status, 'refused on purpose');
  await service.handle(header, connection);
}

async function answerFailure(
  error: unknown,
  header: Header,
  connection: ServerConnection,
  service: Service,
  report: ReportProblem,
): Promise<boolean> {
  if (error instanceof ConnectionLost) throw error;
  const status = error instanceof ProtocolError ? errno.EINVAL : fastdfsStatusOf(error);
  if (!ordinaryStatuses.has(status)) {
    report(`${service.name} command ${header.code} failed`, { fastdfsStatus: status, err: error });
  }
  // Half an answer cannot be taken back.
  if (connection.reply.begun) throw new ConnectionLost('failed in the middle of an answer');
  if (service.takesRestForCommands) await connection.abandonBody();
  await connection.reply.send(status);
  // FastDFS would take the rest of a refused body for requests; here it is only dropped.
  if (connection.bodyLeft > DISCARDED_BYTES_MAX) throw new ConnectionLost('body refused');
  await connection.discardBody();
  if (status !== errno.EINVAL || !service.closesAfterInvalid) return true;
  connection.finish();
  return false;
}
