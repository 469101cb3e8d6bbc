import type { ClusterState } from '../blob-store/blob-store.ts';
import { drainQueue, type GroupDrain } from '../core/drain-queue.ts';
import type { DeletionQueueState, FailingDeletion } from '../object-index/file-records.ts';
import type { CommandContext, CommandOutput } from './command.ts';
import { takeInterruption } from './interruption.ts';
import { openProgress } from './progress.ts';
import { renderTable } from './table.ts';

/** Files that could not be deleted, as JSON and as text. */
const FAILING_LISTED_MAX = 1_000;
const FAILING_SHOWN_MAX = 10;
/** More than the gateway's own, since somebody waits for it. */
const CONCURRENCY_MAX = 8;

/** Files that no key needs any more, by group, and why some of them are still there. */
export async function showDeletionQueue({ services }: CommandContext): Promise<CommandOutput> {
  const { index, blobs } = services.core;
  const nowMs = Date.now();
  const groups = await index.deletionQueueState(nowMs);
  const failing = await index.listFailingDeletions(FAILING_LISTED_MAX);
  const cluster = await blobs.clusterState();
  const serversOf = (groupName: string) => countServers(cluster, groupName);
  return {
    json: {
      groups: groups.map(
        ({ groupName, queuedCount, dueCount, failingCount, oldestQueuedAtMs }) => ({
          groupName,
          queued: queuedCount,
          due: dueCount,
          failing: failingCount,
          oldestQueuedAt: isoTime(oldestQueuedAtMs),
          servers: serversOf(groupName),
        }),
      ),
      failing: failing.map(({ queuedAtMs, notBeforeMs, ...file }) => ({
        ...file,
        queuedAt: isoTime(queuedAtMs),
        nextAttemptAt: isoTime(notBeforeMs),
      })),
    },
    text: renderQueue(groups, failing, serversOf, nowMs),
  };
}

interface ServerCount {
  readonly writable: number;
  readonly listed: number;
}

/** Null when no tracker tells the group. */
function countServers({ groups }: ClusterState, groupName: string): ServerCount | null {
  const servers = groups.find((group) => group.groupName === groupName)?.storageServers;
  if (!servers) return null;
  return {
    writable: servers.filter(({ isWritable }) => isWritable).length,
    listed: servers.length,
  };
}

function renderQueue(
  groups: readonly DeletionQueueState[],
  failing: readonly FailingDeletion[],
  serversOf: (groupName: string) => ServerCount | null,
  nowMs: number,
): string {
  if (groups.length === 0) return 'No files wait to be deleted.';
  const rows = groups.map((group) => {
    const servers = serversOf(group.groupName);
    return [
      group.groupName,
      group.queuedCount,
      group.dueCount,
      group.failingCount,
      renderAge(nowMs - group.oldestQueuedAtMs),
      servers === null ? 'unknown to the trackers' : `${servers.writable} of ${servers.listed}`,
    ];
  });
  const headings = ['GROUP', 'QUEUED', 'DUE', 'FAILING', 'OLDEST', 'WRITABLE SERVERS'];
  const parts = [renderTable(headings, rows)];
  if (failing.length > 0) {
    const shown = failing.slice(0, FAILING_SHOWN_MAX);
    parts.push(
      renderTable(
        ['FAILING FILE', 'ATTEMPTS', 'LAST PROBLEM'],
        shown.map(({ fileId, attempts, problem }) => [fileId, attempts, problem ?? '-']),
      ),
    );
    const count = groups.reduce((sum, { failingCount }) => sum + failingCount, 0);
    if (count > shown.length) parts.push(`… and ${count - shown.length} more.`);
  }
  return parts.join('\n\n');
}

/** Deletes what is due, or everything that is queued; fails when some of it could not be deleted. */
export async function runDeletionQueue(
  { services }: CommandContext,
  options: { readonly all?: boolean },
): Promise<CommandOutput> {
  const { core } = services;
  const isEarly = options.all ?? false;
  const queue = await core.index.deletionQueueState(Date.now());
  const waiting = queue.reduce(
    (sum, group) => sum + (isEarly ? group.queuedCount : group.dueCount),
    0,
  );
  const interruption = takeInterruption();
  const progress = openProgress('Deleting', waiting);
  try {
    const groups = await drainQueue(core, {
      isEarly,
      concurrencyMax: CONCURRENCY_MAX,
      signal: interruption.signal,
      onProgress: (count) => progress.advance(count),
    });
    return reportRun(groups, interruption.signal.aborted);
  } finally {
    progress.stop();
    interruption.release();
  }
}

function reportRun(groups: readonly GroupDrain[], isInterrupted: boolean): CommandOutput {
  const reported = groups.map(
    ({ groupName, deletedCount, refusedCount, refused, unreachable }) => ({
      groupName,
      deleted: deletedCount,
      failed: refusedCount,
      isReachable: unreachable === null,
      problem: unreachable?.message ?? (refused ? `${refused.fileId}: ${refused.problem}` : null),
    }),
  );
  const rows = reported.map(({ groupName, deleted, failed, problem }) => [
    groupName,
    deleted,
    failed,
    problem ?? '-',
  ]);
  const table =
    rows.length === 0
      ? 'Nothing was due.'
      : renderTable(['GROUP', 'DELETED', 'FAILED', 'PROBLEM'], rows);
  return {
    json: { isInterrupted, groups: reported },
    text: isInterrupted ? `${table}\n\nInterrupted; the rest stays queued.` : table,
    failed: isInterrupted || reported.some(({ problem }) => problem !== null),
  };
}

/** In the largest unit of which there are two: `90 s`, `5 min`, `3 d`. */
function renderAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3600)} h`
    : `${Math.round(seconds / 86_400)} d`;
}

const isoTime = (ms: number) => new Date(ms).toISOString();
