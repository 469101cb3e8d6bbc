import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterEach, expect, it } from 'vitest';
import { sizeOfRun } from '../../support/cluster/cluster-under-test.ts';
import {
  type FaultyCluster,
  noteFigures,
  randomObject,
  startFaultyCluster,
} from '../../support/faulty-cluster.ts';
import { inParallel } from '../../support/in-parallel.ts';

const CLIENTS = 32;
/** Of load, while a server is killed and started again. */
const loadMs = 1000 * sizeOfRun('CLUSTER_FAULTS_LOAD_SECONDS', 4);

/** FastDFS copies a file to the other servers within this time, when nothing fails. */
const REPLICATION_MS_MAX = 3_000;

let cluster: FaultyCluster;
afterEach(() => cluster.close());

interface Failure {
  readonly error: string;
  /** When the object that was read had been acknowledged; null for a failed write. */
  readonly acknowledgedAtMs: number | null;
}

class Load {
  readonly acknowledged = new Map<string, Buffer>();
  readonly #acknowledgedAtMs = new Map<string, number>();
  requests = 0;
  readonly failures: Failure[] = [];
  readonly wrong: string[] = [];

  /** Puts and gets until the deadline, each object once at a time of its own. */
  async run(name: string, client: S3Client, deadlineMs: number): Promise<void> {
    const keys: string[] = [];
    for (let number = 0; Date.now() < deadlineMs; number += 1) {
      const key = `${name}/${number}`;
      const content = randomObject(1 + ((number * 7919) % 60_000));
      await this.#count(null, async () => {
        await cluster.put(key, content, client);
        this.acknowledged.set(key, content);
        this.#acknowledgedAtMs.set(key, Date.now());
        keys.push(key);
      });
      const other = keys[Math.floor(Math.random() * keys.length)];
      if (other !== undefined) await this.#count(other, () => this.#check(other, client));
    }
  }

  async #count(keyRead: string | null, request: () => Promise<void>): Promise<void> {
    this.requests += 1;
    try {
      await request();
    } catch (error) {
      const acknowledgedAtMs = this.#acknowledgedAtMs.get(keyRead ?? '') ?? null;
      this.failures.push({ error: String(error), acknowledgedAtMs });
    }
  }

  async #check(key: string, client: S3Client): Promise<void> {
    const content = await cluster.get(key, client);
    if (!this.acknowledged.get(key)?.equals(content)) this.wrong.push(key);
  }
}

/** Failures but for reads of objects whose only copy was on the server that died. */
function avoidable({ failures }: Load, killedAtMs: number): Failure[] {
  return failures.filter(
    ({ acknowledgedAtMs: at }) =>
      at === null || at < killedAtMs - REPLICATION_MS_MAX || at > killedAtMs + REPLICATION_MS_MAX,
  );
}

it.each([1, 2])(
  'keeps what was acknowledged, and hides a killed storage server, with %i replicas',
  async (minReplicas) => {
    cluster = await startFaultyCluster({}, { GATEWAY_MIN_REPLICAS: String(minReplicas) });
    const once = new Load();
    const retrying = new Load();
    const deadlineMs = Date.now() + loadMs;
    const clients = Array.from({ length: CLIENTS }, (_, number) =>
      number % 2 === 0
        ? once.run(`once-${number}`, cluster.s3Once, deadlineMs)
        : retrying.run(`retrying-${number}`, cluster.s3, deadlineMs),
    );
    await sleep(loadMs / 4);
    const killedAtMs = Date.now();
    await cluster.control.kill('g1s1');
    await sleep(loadMs / 2);
    await cluster.control.start('g1s1');
    await Promise.all(clients);

    const rate = (load: Load) => load.failures.length / load.requests;
    const avoidableRate = avoidable(once, killedAtMs).length / once.requests;
    noteFigures('kill-under-load', {
      minReplicas,
      requests: once.requests + retrying.requests,
      errorRateWithoutRetries: rate(once),
      ofThemAvoidable: avoidableRate,
      errorRateWithRetries: rate(retrying),
      ofThoseAvoidable: avoidable(retrying, killedAtMs).length,
    });
    // With one replica, what was stored just before is on the dead server alone.
    const unexpected = minReplicas > 1 ? retrying.failures : avoidable(retrying, killedAtMs);
    expect(unexpected).toEqual([]);
    expect([...once.wrong, ...retrying.wrong]).toEqual([]);
    // Few requests meet the server just as it dies in a way that cannot be hidden.
    expect(avoidableRate, JSON.stringify(once.failures.slice(0, 5))).toBeLessThan(0.02);

    const all = [...once.acknowledged, ...retrying.acknowledged];
    const lost: string[] = [];
    await inParallel(CLIENTS, all.length, async (number) => {
      const [key, content] = all[number] ?? ['', Buffer.alloc(0)];
      const found = await cluster.get(key).catch((error: unknown) => String(error));
      if (typeof found === 'string' || !found.equals(content)) lost.push(`${key}: ${found}`);
    });
    expect(all.length).toBeGreaterThan(CLIENTS);
    expect(lost).toEqual([]);
  },
);
