import type { Command, ContentCommand } from '../protocol/command.ts';
import { HEADER_SIZE, METADATA_REQUEST_SIZE_MAX } from '../protocol/constants.ts';
import type { Header } from '../protocol/frame.ts';
import { errno, RefusedRequest } from './refused-request.ts';
import type { ServerConnection } from './server-connection.ts';
import type { StorageContext } from './storage-context.ts';

export interface StorageHandler {
  readonly code: number;
  /** Reads the body and answers, or throws what has a status. */
  handle(context: StorageContext, header: Header, connection: ServerConnection): Promise<void>;
}

/** A body without content. All of it must fit into FastDFS's buffer. */
export async function readSmallBody(
  { bodyLength }: Header,
  connection: ServerConnection,
): Promise<Buffer> {
  if (HEADER_SIZE + bodyLength > METADATA_REQUEST_SIZE_MAX) {
    throw new RefusedRequest(errno.EINVAL, `body of ${bodyLength} bytes`);
  }
  return connection.readBody();
}

/** A command whose request and response are collected in memory. */
export function answer<Request, Response>(
  command: Command<Request, Response>,
  run: (context: StorageContext, request: Request) => Promise<Response>,
): StorageHandler {
  return {
    code: command.code,
    async handle(context, header, connection) {
      const body = await readSmallBody(header, connection);
      const response = await run(context, command.decodeRequest(body, header.status));
      await connection.reply.send(0, command.encodeResponse(response, context.faults.layout));
    },
  };
}

/** A command whose request ends in content, which `run` reads from the connection. */
export function answerContent<Request, Response>(
  command: ContentCommand<Request, Response>,
  run: (
    context: StorageContext,
    request: Request,
    connection: ServerConnection,
  ) => Promise<Response>,
): StorageHandler {
  return {
    code: command.code,
    async handle(context, _header, connection) {
      const request = await connection.readHead((bytes, bodyLength) =>
        command.decodeRequestHead(bytes, bodyLength),
      );
      const isEchoed = context.faults.echoBodies && command.contentSizeOf(request) === 0;
      const response = await run(context, request, connection);
      const body = command.encodeResponse(response, context.faults.layout);
      const echo = isEchoed && body.length === 0 ? command.encodeRequest(request) : body;
      await connection.reply.send(0, echo);
    },
  };
}
