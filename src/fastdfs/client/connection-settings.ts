/** Limits of one connection. */
export interface ConnectionSettings {
  readonly connectTimeoutMs: number;
  /**
   * Longest time to the header of the response to a request without content: a download, a question,
   * a deletion. Short, because mostly another server can answer as well.
   */
  readonly responseTimeoutMs: number;
  /** Longest time without a byte sent or received while it is the server's turn. */
  readonly idleTimeoutMs: number;
  /**
   * Longest time from the end of a request with its content to the end of the response. Content in transit has only `idleTimeoutMs`: how long it takes is not for us to say.
   */
  readonly commandTimeoutMs: number;
}

/** Limits of the connections to one server. */
export interface PoolSettings extends ConnectionSettings {
  /** Streamed uploads get three quarters of them at most. */
  readonly connectionsPerServerMax: number;
  /** Borrowers that may wait for a connection; the next one fails at once. */
  readonly connectionWaitersPerServerMax: number;
  readonly connectionWaitTimeoutMs: number;
  /** Connections kept for later use. */
  readonly idleConnectionsPerServerMax: number;
  /** An idle connection is closed after this time: firewalls forget it, servers keep it. */
  readonly idleConnectionLifetimeMs: number;
}
