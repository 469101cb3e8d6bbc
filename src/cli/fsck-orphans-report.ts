import type { FileDescription } from '../blob-store/blob-store.ts';
import type { Finding, FindingLog } from '../core/fsck/findings.ts';
import type { LineSamples, OrphanSearch } from '../core/fsck/orphan-search.ts';
import { placeOf } from '../core/fsck/orphan-search.ts';
import { renderDuration } from '../support/units.ts';
import type { CommandOutput } from './command.ts';
import type { OrphansRequest } from './fsck-orphans-options.ts';
import { reportFsck } from './fsck-report.ts';

/** What lines that were passed over are called in the report. */
const passedOverLabels = {
  server: "storage servers' own files, passed over",
  metadata: 'metadata files, passed over',
  'trunk-container': 'trunk files, whose contents a listing does not tell',
  slave: 'slave files, passed over',
  appender: 'appender files, passed over',
  temporary: 'files of a recovery, passed over',
} as const;

/**
 * Store paths of whose files the index knows none: they may belong to somebody else altogether, or
 * the listing was taken for that of another group. Their files are never queued.
 */
export function unknownPlaces(search: OrphanSearch): ReadonlySet<string> {
  const unknown = search.places.filter(({ knownCount }) => knownCount === 0);
  return new Set(unknown.map(({ place }) => place));
}

export function orphanFinding(
  { storedAtMs, content }: FileDescription,
  fileId: string,
  leftAlone: ReadonlySet<string>,
): Finding {
  const stored = `${content?.size ?? 0} bytes, stored ${new Date(storedAtMs).toISOString()}`;
  const place = placeOf(fileId);
  const isLeftAlone = leftAlone.has(place);
  return {
    kind: 'orphan-file',
    severity: 'warning',
    where: { fileId },
    problem: isLeftAlone ? `${stored}; the index knows no file of ${place}` : stored,
    repair: isLeftAlone ? 'impossible' : 'possible',
  };
}

export function reportOrphans(
  search: OrphanSearch,
  findings: FindingLog,
  request: OrphansRequest & { readonly isFinished: boolean },
): CommandOutput {
  const { places, passedOver } = search;
  const sum = (name: 'knownCount' | 'youngCount' | 'orphanCount' | 'orphanBytes') =>
    places.reduce((total, counts) => total + counts[name], 0);
  const unknown = search.skipped('unknown');
  const checked: [string, number][] = [
    ['lines', search.lineCount],
    ['different files', search.fileCount],
    ['of these, known to the index', sum('knownCount')],
    ['too new to judge', sum('youngCount')],
    ['orphans', sum('orphanCount')],
    ...passedOver.map(({ kind, count }): [string, number] => [passedOverLabels[kind], count]),
    ['lines that say nothing', unknown.count],
  ];
  const { isFinished, repairs } = request;
  const isAnyQueued = findings.counts.some(({ repairedCount }) => repairedCount > 0);
  const report = reportFsck({
    ...{ isFinished, findings, repairs, checked: checked.filter(isShown) },
    bucketNames: new Map(),
    notes: notesOf(search, { ...request, isAnyQueued }, sum('orphanBytes')),
  });
  const json = {
    ...(report.json as object),
    ...{ places, passedOver, unknownLines: unknown },
    ...{ orphans: { count: sum('orphanCount'), bytes: sum('orphanBytes') } },
  };
  return { ...report, json };
}

const isShown = ([label, count]: readonly [string, number]) =>
  count > 0 || label === 'orphans' || label === 'lines';

function notesOf(
  search: OrphanSearch,
  { repairs, out, ageMsMin, isAnyQueued }: OrphansRequest & { readonly isAnyQueued: boolean },
  orphanBytes: number,
): string[] {
  const notes: string[] = [];
  const tell = (what: string, { count, samples }: LineSamples) => {
    if (count > 0) notes.push(`${what}, for example:\n${samples.map(quote).join('\n')}`);
  };
  tell('Lines that say nothing', search.skipped('unknown'));
  tell('Slave files, which a gateway does not store', search.skipped('slave'));
  tell('Appender files, which a gateway does not store', search.skipped('appender'));
  for (const place of unknownPlaces(search)) {
    notes.push(`The index knows no file of ${place}; files there are never queued for deletion.`);
  }
  if (orphanBytes > 0) {
    notes.push(`The orphans hold ${renderBytes(orphanBytes)}${out ? `; ${out} names them` : ''}.`);
    if (!repairs) {
      notes.push(
        'Files of other applications, of other gateways, and what was written after the backup ' +
          'that an index was restored from, look like orphans too.',
      );
    } else if (isAnyQueued) {
      notes.push(
        'What was queued is deleted after GATEWAY_DELETE_DELAY, or at once by gc run --all.',
      );
    }
  }
  notes.push(`Files younger than ${renderDuration(ageMsMin)} may belong to writes under way.`);
  return notes;
}

function quote(line: string): string {
  return `  ${JSON.stringify(line)}`;
}

/** As people say it: `1.5 GiB`. */
export function renderBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
