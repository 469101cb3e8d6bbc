import type { Command, ContentCommand, DownloadCommand } from '../protocol/command.ts';
import { STORAGE_BUFFER_SIZE } from '../protocol/constants.ts';
import { encodeRequestMessage } from '../protocol/frame.ts';
import type { FastdfsConnection } from './connection.ts';
import { sendContent } from './content-sender.ts';
import { pausingAfter } from './first-buffer.ts';
import { DecodingSink, type ResponseSink } from './response-sink.ts';

/** Larger content is written in slices, so that it shows whether the server takes it. */
const WHOLE_CONTENT_SIZE_MAX = 1024 * 1024;
const SLICE_SIZE = 256 * 1024;

/** Lets the reader of a download go on after a pause, or give the rest up. */
export interface DownloadControl {
  resume(): void;
  /** The download rejects with `reason`, and its connection is closed. */
  cancel(reason: unknown): void;
}

export interface DownloadSink extends ResponseSink<void> {
  /** Called first, before the request is sent. */
  attach(control: DownloadControl): void;
}

/**
 * Runs one command on a connection. All three reject with `FastdfsStatusError` when the server
 * refuses, `FastdfsConnectionError` (also `FastdfsTimeoutError`) when it cannot be talked to,
 * `ProtocolError` for a request that no server would take, and the signal's reason.
 */
export async function execute<Request, Response>(
  connection: FastdfsConnection,
  command: Command<Request, Response>,
  request: Request,
  signal?: AbortSignal,
): Promise<Response> {
  const message = encodeRequestMessage(command, request);
  const sink = new DecodingSink((body) => command.decodeResponse(body));
  const mayTakeLong = command.mayTakeLong ?? false;
  const plan = { command: command.name, sink, contentSize: 0, mayTakeLong, signal };
  return connection.run(plan, (exchange) => {
    connection.writer.write(exchange, message, null);
  });
}

export interface ContentOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Content that does not fit in the storage server's buffer waits so long behind what does, for a
   * refusal: the server would obey what follows a refused buffer as commands (protocol, 12.5).
   */
  readonly refusalWaitMs?: number;
}

/** `content` must give exactly the bytes that the request announces; what it throws is rethrown. */
export async function executeWithContent<Request, Response>(
  connection: FastdfsConnection,
  command: ContentCommand<Request, Response>,
  request: Request,
  content: Buffer | AsyncIterable<Buffer>,
  { signal, refusalWaitMs = 0 }: ContentOptions = {},
): Promise<Response> {
  const head = encodeRequestMessage(command, request);
  const contentSize = command.contentSizeOf(request);
  const sink = new DecodingSink((body) => command.decodeResponse(body));
  // The disk may be slow at the end.
  const plan = { command: command.name, sink, contentSize, mayTakeLong: true, signal };
  return connection.run(plan, (exchange) => {
    const roomInBuffer = STORAGE_BUFFER_SIZE - head.length;
    const waits = refusalWaitMs > 0 && contentSize > roomInBuffer;
    if (!waits && Buffer.isBuffer(content) && content.length <= WHOLE_CONTENT_SIZE_MAX) {
      connection.writer.write(exchange, head, content);
      return;
    }
    const chunks = Buffer.isBuffer(content) ? slicesOf(content) : content;
    const sent = waits
      ? pausingAfter(roomInBuffer, chunks, () => exchange.untilOver(refusalWaitMs))
      : chunks;
    sendContent(connection, exchange, head, sent).catch((error: unknown) => {
      // Nothing may follow content that broke off, so the connection goes with it.
      if (!exchange.isOver) connection.close('content-failed', error);
    });
  });
}

/** Resolves when the last byte of the body was given to the sink. */
export async function executeDownload<Request>(
  connection: FastdfsConnection,
  command: DownloadCommand<Request>,
  request: Request,
  sink: DownloadSink,
  signal?: AbortSignal,
): Promise<void> {
  const message = encodeRequestMessage(command, request);
  const plan = { command: command.name, sink, contentSize: 0, mayTakeLong: false, signal };
  return connection.run(plan, (exchange) => {
    sink.attach({
      resume: () => connection.resume(exchange),
      cancel: (reason) => {
        if (!exchange.isOver) connection.close('cancelled', reason);
      },
    });
    connection.writer.write(exchange, message, null);
  });
}

async function* slicesOf(content: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < content.length; start += SLICE_SIZE) {
    yield content.subarray(start, start + SLICE_SIZE);
  }
}
