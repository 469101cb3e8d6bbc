import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ObservedRequest, RequestObserver } from '../http/request-observer.ts';

/** From a cached read to a large object over a slow line. */
const DURATION_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

/** What is counted for one operation: functions that were bound to their labels beforehand. */
interface OperationSeries {
  readonly observeDuration: (seconds: number) => void;
  readonly observeFirstByte: (seconds: number) => void;
  readonly addBytesIn: (bytes: number) => void;
  readonly addBytesOut: (bytes: number) => void;
  /** By HTTP status and error code. */
  readonly answers: Map<number | null, Map<string | null, () => void>>;
}

/**
 * Counts S3 requests. Every label comes from a table of ours (operations, statuses, error codes), so
 * no client can make series. Labels are resolved once for each series, not for each request.
 */
export class S3RequestMetrics implements RequestObserver {
  readonly #requests: Counter;
  readonly #duration: Histogram;
  readonly #firstByte: Histogram;
  readonly #bytesIn: Counter;
  readonly #bytesOut: Counter;
  readonly #series = new Map<string | null, OperationSeries>();
  #inFlightCount = 0;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      name: 'fastdfs_s3_requests_total',
      help: 'S3 requests that were answered or given up by their client.',
      labelNames: ['operation', 'http_status', 'error_code'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'fastdfs_s3_request_duration_seconds',
      help: 'From the head of an S3 request to the last byte of its answer.',
      labelNames: ['operation'],
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    });
    this.#firstByte = new Histogram({
      name: 'fastdfs_s3_request_first_byte_seconds',
      help: 'From the head of an S3 request to the first byte of its answer.',
      labelNames: ['operation'],
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    });
    this.#bytesIn = new Counter({
      name: 'fastdfs_s3_request_bytes_total',
      help: 'Bytes of the bodies of S3 requests, as received.',
      labelNames: ['operation'],
      registers,
    });
    this.#bytesOut = new Counter({
      name: 'fastdfs_s3_response_bytes_total',
      help: 'Bytes of the answers to S3 requests, heads included.',
      labelNames: ['operation'],
      registers,
    });
    const inFlightCount = () => this.#inFlightCount;
    new Gauge({
      name: 'fastdfs_s3_requests_in_flight',
      help: 'S3 requests that are being served.',
      registers,
      collect() {
        this.set(inFlightCount());
      },
    });
  }

  started(): void {
    this.#inFlightCount += 1;
  }

  ended(request: ObservedRequest): void {
    this.#inFlightCount -= 1;
    const series = this.#seriesOf(request.operationName);
    this.#countOf(series, request)();
    series.observeDuration(request.durationMs / 1000);
    if (request.firstByteMs !== null) series.observeFirstByte(request.firstByteMs / 1000);
    // Adding nothing costs as much as adding something.
    if (request.bytesIn > 0) series.addBytesIn(request.bytesIn);
    if (request.bytesOut > 0) series.addBytesOut(request.bytesOut);
  }

  #seriesOf(operationName: string | null): OperationSeries {
    let series = this.#series.get(operationName);
    if (series === undefined) {
      const operation = operationLabel(operationName);
      series = {
        observeDuration: this.#duration.labels(operation).observe,
        observeFirstByte: this.#firstByte.labels(operation).observe,
        addBytesIn: this.#bytesIn.labels(operation).inc,
        addBytesOut: this.#bytesOut.labels(operation).inc,
        answers: new Map(),
      };
      this.#series.set(operationName, series);
    }
    return series;
  }

  #countOf(
    { answers }: OperationSeries,
    { operationName, httpStatus, errorCode }: ObservedRequest,
  ): () => void {
    let counts = answers.get(httpStatus);
    if (counts === undefined) {
      counts = new Map();
      answers.set(httpStatus, counts);
    }
    let count = counts.get(errorCode);
    if (count === undefined) {
      const status = httpStatus === null ? 'none' : String(httpStatus);
      count = this.#requests.labels(operationLabel(operationName), status, errorCode ?? '').inc;
      counts.set(errorCode, count);
    }
    return count;
  }
}

/** Requests that were refused before their operation was known count as one. */
function operationLabel(operationName: string | null): string {
  return operationName ?? 'unknown';
}
