/** Content of a request as it comes in from the client. */
export interface ContentSource {
  /** Bytes that `next` has not handed out yet, received or not. */
  readonly bytesLeft: number;
  /**
   * The next buffers, as many as are worth one write; none at the end. Holds the client back while
   * the caller is busy. Throws `ConnectionLost` when the client is gone.
   */
  next(): Promise<Buffer[]>;
}

/** The client vanished, stood still for too long, or was cut off. There is nobody to answer. */
export class ConnectionLost extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConnectionLost';
  }
}
