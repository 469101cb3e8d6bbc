import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ObservedRequest, RequestObserver } from '../http/request-observer.ts';
import type { DoorName } from '../support/doors.ts';

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
 * Counts the requests of all doors. Every label comes from a table of ours (operations, statuses,
 * error codes), so no client can make series. Labels are resolved once for each series, not for each
 * request.
 */
export class RequestMetrics {
  readonly #doors: Readonly<Record<DoorName, DoorRequests>>;

  constructor(registry: Registry) {
    const registers = [registry];
    const labelNames = ['door', 'operation'];
    const buckets = DURATION_BUCKETS_SECONDS;
    const metrics: DoorMetrics = {
      requests: new Counter({
        name: 'fastdfs_s3_requests_total',
        help: 'Requests that were answered or given up by their client.',
        labelNames: [...labelNames, 'http_status', 'error_code'],
        registers,
      }),
      duration: new Histogram({
        name: 'fastdfs_s3_request_duration_seconds',
        help: 'From the head of a request to the last byte of its answer.',
        ...{ labelNames, buckets, registers },
      }),
      firstByte: new Histogram({
        name: 'fastdfs_s3_request_first_byte_seconds',
        help: 'From the head of a request to the first byte of its answer.',
        ...{ labelNames, buckets, registers },
      }),
      bytesIn: new Counter({
        name: 'fastdfs_s3_request_bytes_total',
        help: 'Bytes of the bodies of requests, as received.',
        ...{ labelNames, registers },
      }),
      bytesOut: new Counter({
        name: 'fastdfs_s3_response_bytes_total',
        help: 'Bytes of the answers to requests, heads included.',
        ...{ labelNames, registers },
      }),
    };
    const doors = {
      s3: new DoorRequests('s3', metrics),
      qiniu: new DoorRequests('qiniu', metrics),
      files: new DoorRequests('files', metrics),
    };
    this.#doors = doors;
    new Gauge({
      name: 'fastdfs_s3_requests_in_flight',
      help: 'Requests that are being served.',
      labelNames: ['door'],
      registers,
      collect() {
        for (const [door, { inFlightCount }] of Object.entries(doors)) {
          this.set({ door }, inFlightCount);
        }
      },
    });
  }

  /** Counts those of one door. */
  of(door: DoorName): RequestObserver {
    return this.#doors[door];
  }
}

interface DoorMetrics {
  readonly requests: Counter;
  readonly duration: Histogram;
  readonly firstByte: Histogram;
  readonly bytesIn: Counter;
  readonly bytesOut: Counter;
}

class DoorRequests implements RequestObserver {
  readonly #door: DoorName;
  readonly #metrics: DoorMetrics;
  readonly #series = new Map<string | null, OperationSeries>();
  #inFlightCount = 0;

  constructor(door: DoorName, metrics: DoorMetrics) {
    this.#door = door;
    this.#metrics = metrics;
  }

  get inFlightCount(): number {
    return this.#inFlightCount;
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
      const labels = [this.#door, operationLabel(operationName)];
      const { duration, firstByte, bytesIn, bytesOut } = this.#metrics;
      series = {
        observeDuration: duration.labels(...labels).observe,
        observeFirstByte: firstByte.labels(...labels).observe,
        addBytesIn: bytesIn.labels(...labels).inc,
        addBytesOut: bytesOut.labels(...labels).inc,
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
      const operation = operationLabel(operationName);
      const { requests } = this.#metrics;
      count = requests.labels(this.#door, operation, status, errorCode ?? '').inc;
      counts.set(errorCode, count);
    }
    return count;
  }
}

/** Requests that were refused before their operation was known count as one. */
function operationLabel(operationName: string | null): string {
  return operationName ?? 'unknown';
}
