import { statusName, statusText } from '../protocol/errors.ts';
import { describeAddress, type ServerAddress } from './server-address.ts';

/**
 * How far a command had come when it failed. `queue` says nothing against the server: all our
 * connections to it were in use, or the client was closed.
 */
export type ConnectionPhase = 'queue' | 'connect' | 'send' | 'receive';

/** The server understood the command and refused it, or could not carry it out. */
export class FastdfsStatusError extends Error {
  /** Name of the command without FastDFS's prefix: `UPLOAD_FILE`. */
  readonly command: string;
  readonly address: ServerAddress;
  /** A Linux errno number. */
  readonly fastdfsStatus: number;
  /** `ENOENT`. */
  readonly statusName: string;

  constructor(command: string, address: ServerAddress, fastdfsStatus: number) {
    super(`${command} at ${describeAddress(address)} answered ${statusText(fastdfsStatus)}`);
    this.name = 'FastdfsStatusError';
    this.command = command;
    this.address = address;
    this.fastdfsStatus = fastdfsStatus;
    this.statusName = statusName(fastdfsStatus);
  }
}

/** The server could not be reached, went away, or answered something that is not FastDFS. */
export class FastdfsConnectionError extends Error {
  readonly command: string;
  readonly address: ServerAddress;
  readonly phase: ConnectionPhase;

  constructor(
    command: string,
    address: ServerAddress,
    phase: ConnectionPhase,
    problem: string,
    options?: { cause?: unknown },
  ) {
    super(`${command} at ${describeAddress(address)} failed (${phase}): ${problem}`, options);
    this.name = 'FastdfsConnectionError';
    this.command = command;
    this.address = address;
    this.phase = phase;
  }

  /**
   * True when the whole request was on its way, so that the server may have carried it out although
   * its answer never came. (A MODIFY_FILE that broke off earlier has changed the file as well.)
   */
  get ambiguous(): boolean {
    return this.phase === 'receive';
  }
}

/** Which limit ran out; each is a setting of the same name, in milliseconds. */
export type TimeoutName =
  | 'connectTimeoutMs'
  | 'responseTimeoutMs'
  | 'idleTimeoutMs'
  | 'commandTimeoutMs'
  | 'connectionWaitTimeoutMs';

export class FastdfsTimeoutError extends FastdfsConnectionError {
  readonly timeoutName: TimeoutName;

  constructor(
    command: string,
    address: ServerAddress,
    phase: ConnectionPhase,
    timeoutName: TimeoutName,
    timeoutMs: number,
  ) {
    super(command, address, phase, `${timeoutName} of ${timeoutMs} ms ran out`);
    this.name = 'FastdfsTimeoutError';
    this.timeoutName = timeoutName;
  }
}

/** No tracker gave an answer; `cause` is an AggregateError with what each of them did. */
export class TrackersUnreachableError extends Error {
  readonly command: string;

  constructor(command: string, failures: readonly FastdfsConnectionError[]) {
    const problems = failures.map((failure) => failure.message).join('; ');
    super(`${command}: no tracker could be reached: ${problems}`, {
      cause: new AggregateError(failures),
    });
    this.name = 'TrackersUnreachableError';
    this.command = command;
  }
}

/** The content of an upload was not as long as announced: a mistake of the caller or its source. */
export class ContentSizeError extends Error {
  constructor(expectedBytes: number, receivedBytes: number) {
    super(`content of ${expectedBytes} bytes announced, ${receivedBytes} bytes given`);
    this.name = 'ContentSizeError';
  }
}
