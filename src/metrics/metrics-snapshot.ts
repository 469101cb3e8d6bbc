import { AggregatorRegistry, type PrometheusContentType } from 'prom-client';

/** One metric of one process as plain values, which can be sent to another process. */
interface MetricSnapshot {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  /** How values of several processes with the same labels become one: `sum`, `max`, `first` …  */
  readonly aggregator: string;
  readonly values: readonly {
    readonly value: number;
    readonly labels: Readonly<Record<string, string | number>>;
    /** Of a histogram's series: with `_bucket`, `_sum` or `_count`. */
    readonly metricName?: string;
  }[];
}

export type MetricsSnapshot = readonly MetricSnapshot[];

const isOurs = ({ name }: MetricSnapshot) => name.startsWith('fastdfs_s3_');

/** Only the primary knows the others, or knows them best. */
export function ofWorker(metrics: MetricsSnapshot): MetricsSnapshot {
  return metrics.filter((metric) => !isOurs(metric) || metric.aggregator !== 'first');
}

/** What stays true when the process has ended. */
export function countsOf(metrics: MetricsSnapshot): MetricsSnapshot {
  return metrics.filter((metric) => isOurs(metric) && metric.type !== 'gauge');
}

/** Memory, event loop and the like are each process's own: labelled, they stand side by side. */
export function labelledByProcess(metrics: MetricsSnapshot, worker: string): MetricsSnapshot {
  return metrics.map((metric) => {
    if (isOurs(metric)) return metric;
    const values = metric.values.map((one) => ({ ...one, labels: { ...one.labels, worker } }));
    return { ...metric, aggregator: 'sum', values };
  });
}

/** One set of metrics of several; of `first` ones, the first that has the labels counts. */
export function combine(snapshots: readonly MetricsSnapshot[]): {
  readonly metrics: MetricsSnapshot;
  render(): Promise<string>;
} {
  const registry = AggregatorRegistry.aggregate<PrometheusContentType>([...snapshots]);
  return {
    metrics: registry.getMetricsAsArray() as unknown as MetricsSnapshot,
    render: () => registry.metrics(),
  };
}
