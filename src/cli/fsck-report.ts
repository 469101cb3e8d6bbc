import type { Finding, FindingLog } from '../core/fsck/findings.ts';
import type { CommandOutput } from './command.ts';
import { renderTable } from './table.ts';

/** Findings that are shown to a person; JSON has all that were kept. */
const FINDINGS_SHOWN_MAX = 100;

/** What one run of fsck has to say, whatever it looked at. */
export interface FsckResult {
  /** False when it was interrupted. */
  readonly isFinished: boolean;
  /** What was looked at, for the table: `['objects', 12]`; as JSON under `checked`. */
  readonly checked: readonly (readonly [label: string, count: number])[];
  readonly findings: FindingLog;
  /** Names of buckets by id. */
  readonly bucketNames: ReadonlyMap<number, string>;
  readonly repairs: boolean;
  /** Sentences at the end of the text. */
  readonly notes: readonly string[];
}

/** Fails when something is left that somebody should do something about, or nobody knows. */
export function reportFsck(result: FsckResult): CommandOutput {
  const { isFinished, findings, checked, notes } = result;
  const json = {
    finished: isFinished,
    checked: Object.fromEntries(checked),
    open: findings.openCount,
    counts: findings.counts.map(({ repairedCount, ...counts }) => ({
      ...counts,
      repaired: repairedCount,
    })),
    findingsLeftOut: totalOf(findings) - findings.kept.length,
    findings: findings.kept.map(({ where, ...finding }) => ({
      ...finding,
      where: { bucket: bucketOf(where, result), ...where },
    })),
    notes,
  };
  return { json, text: renderText(result), failed: !isFinished || findings.openCount > 0 };
}

function totalOf(findings: FindingLog): number {
  return findings.counts.reduce((sum, { count }) => sum + count, 0);
}

function bucketOf(
  { bucketId }: Finding['where'],
  { bucketNames }: Pick<FsckResult, 'bucketNames'>,
): string | null {
  if (bucketId === undefined) return null;
  return bucketNames.get(bucketId) ?? `(no bucket ${bucketId})`;
}

function renderText(result: FsckResult): string {
  const { isFinished, checked, findings, repairs, notes } = result;
  const parts: string[] = [];
  if (findings.kept.length > 0) parts.push(renderFindings(result));
  if (findings.counts.length > 0) {
    parts.push(
      renderTable(
        ['KIND', 'SEVERITY', 'FOUND', 'MENDED'],
        findings.counts.map((row) => [row.kind, row.severity, row.count, row.repairedCount]),
      ),
    );
  }
  parts.push(renderTable(['LOOKED AT', ''], checked));
  if (!isFinished) parts.push('Stopped before the end.');
  parts.push(...notes);
  const { openCount } = findings;
  if (openCount > 0) {
    const isHelp = !repairs && findings.kept.some(({ repair }) => repair === 'possible');
    const things = openCount === 1 ? '1 thing needs' : `${openCount} things need`;
    parts.push(`${things} attention${isHelp ? '; --repair mends what can be mended' : ''}.`);
  } else if (isFinished) {
    parts.push(findings.counts.length > 0 ? 'All of it is mended.' : 'Nothing is wrong.');
  }
  return parts.join('\n\n');
}

function renderFindings(result: FsckResult): string {
  const { findings } = result;
  const shown = findings.kept.slice(0, FINDINGS_SHOWN_MAX);
  const table = renderTable(
    ['SEVERITY', 'KIND', 'WHERE', 'MENDED', 'PROBLEM'],
    shown.map((finding) => [
      finding.severity,
      finding.kind,
      renderPlace(finding.where, result),
      renderRepair(finding, result),
      oneLine(finding.problem),
    ]),
  );
  const more = totalOf(findings) - shown.length;
  return more > 0 ? `${table}\n… and ${more} more; --json has up to 10,000.` : table;
}

function renderRepair({ repair }: Finding, { repairs }: FsckResult): string {
  if (repair === 'repaired') return 'yes';
  if (repair === 'possible') return repairs ? 'not yet' : 'with --repair';
  return repair === 'failed' ? 'failed' : 'no';
}

function renderPlace(where: Finding['where'], result: FsckResult): string {
  const { key, uploadId, objectId, fileId } = where;
  const words: string[] = [];
  const bucket = bucketOf(where, result);
  if (key !== undefined) words.push(`${bucket ?? '?'}/${oneLine(key)}`);
  else if (bucket !== null) words.push(`bucket ${bucket}`);
  if (uploadId !== undefined) words.push(`upload ${oneLine(uploadId)}`);
  if (objectId !== undefined && key === undefined) words.push(`object ${objectId}`);
  if (fileId !== undefined && key === undefined) words.push(oneLine(fileId));
  return words.join(' ') || '-';
}

/** Keys may hold line breaks and what terminals take for commands. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) =>
    JSON.stringify(character)
      .slice(1, -1)
      .replace(/^[\u007f-\u009f]$/, '?'),
  );
}
