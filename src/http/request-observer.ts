/** One request, as it stands when its answer is sent or its client gone. */
export interface ObservedRequest {
  /** A name of the route table; null when the request never came so far. */
  readonly operationName: string | null;
  /** Null when the client left before an answer began. */
  readonly httpStatus: number | null;
  /** A code of the error table; null when the request succeeded, and when the client left. */
  readonly errorCode: string | null;
  /** Of the body, with framing, as they came. */
  readonly bytesIn: number;
  /** On the wire, head included. */
  readonly bytesOut: number;
  /** From the request's head to the first byte of the answer; null when none was sent. */
  readonly firstByteMs: number | null;
  readonly durationMs: number;
}

/** Told of every request; must not throw, and is in the way of all of them. */
export interface RequestObserver {
  started(): void;
  ended(request: ObservedRequest): void;
}
