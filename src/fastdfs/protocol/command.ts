/**
 * A FastDFS command as a pair of codecs, shared by the client and the embedded server so that a
 * layout is written down once. A message is a 10-byte header (`frame.ts`) and a body.
 */
export interface Command<Request, Response> {
  /** FastDFS's name without its `TRACKER_PROTO_CMD_`/`STORAGE_PROTO_CMD_` prefix. */
  readonly name: string;
  /** Command code in the header of the request; responses always carry 100. */
  readonly code: number;
  encodeRequest(request: Request): Buffer;
  /** Throws `ProtocolError` when the bytes are not exactly one request of this command. */
  decodeRequest(body: Buffer): Request;
  encodeResponse(response: Response): Buffer;
  /** Throws `ProtocolError` when the bytes are not exactly one response of this command. */
  decodeResponse(body: Buffer): Response;
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
   * Null when more bytes are needed; `headSize` is where the content starts.
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
