import type { ResponseLayout } from './response-layout.ts';

/**
 * A FastDFS command as a pair of codecs, shared by the client and the embedded server so that a
 * layout is written down once. A message is a 10-byte header (`frame.ts`) and a body.
 */
export interface Command<Request, Response>
  extends RequestEncoder<Request>,
    ResponseEncoder<Response> {
  /** FastDFS's name without its `TRACKER_PROTO_CMD_`/`STORAGE_PROTO_CMD_` prefix. */
  readonly name: string;
  /** Whether the server works through a whole file before it answers. */
  readonly mayTakeLong?: true;
  /**
   * Throws `ProtocolError` when the bytes are not exactly one request of this command.
   * `headerStatus` is the status byte of the request's header, which QUERY_FILE_INFO alone uses.
   */
  decodeRequest(body: Buffer, headerStatus?: number): Request;
  /** Throws `ProtocolError` when the bytes are not exactly one response of this command. */
  decodeResponse(body: Buffer): Response;
}

/** What sending a request needs to know of a command. */
export interface RequestEncoder<Request> {
  /** Command code in the header of the request; responses always carry 100. */
  readonly code: number;
  /**
   * Throws `ProtocolError` for values that a server would refuse with status 22, which costs the
   * connection, or would silently cut.
   */
  encodeRequest(request: Request): Buffer;
  /** Status byte of the request's header; 0 for a command without this. */
  headerStatusOf?(request: Request): number;
  /** Bytes of content that follow the encoded request; none for a command without this. */
  contentSizeOf?(request: Request): number;
}

export interface ResponseEncoder<Response> {
  /** `layout` says which FastDFS version's form to use; that of 6.16 when it is not given. */
  encodeResponse(response: Response, layout?: ResponseLayout): Buffer;
}

/**
 * A command whose request ends in streamed content (upload, append, modify). `encodeRequest` gives
 * only what stands before the content; the header's bodyLength counts both.
 */
export interface ContentCommand<Request, Response>
  extends Omit<Command<Request, Response>, 'decodeRequest'> {
  /** Bytes of content that follow the encoded request. */
  contentSizeOf(request: Request): number;
  /**
   * Decodes what stands before the content from the first bytes of a body of `bodyLength` bytes.
   * Null when more bytes are needed, never more than `CONTENT_HEAD_SIZE_MAX`; `headSize` is where
   * the content starts.
   */
  decodeRequestHead(
    bytes: Buffer,
    bodyLength: number,
  ): { request: Request; headSize: number } | null;
}

/**
 * The download command: its response body is streamed content and is not decoded at all.
 * The request is an ordinary one.
 */
export type DownloadCommand<Request> = Pick<
  Command<Request, never>,
  'name' | 'code' | 'encodeRequest' | 'decodeRequest'
>;
