import type { FileCopy } from '../blob-store/blob-store.ts';
import { isOpen, type ReplicaFinding, type ReplicaWalkState } from '../core/replicas/walk-state.ts';
import type { ObjectIndex } from '../object-index/object-index.ts';
import { bucketNamesById } from './bucket-names.ts';
import type { CommandOutput } from './command.ts';
import { renderTable } from './table.ts';

/** Findings that are shown to a person; JSON has all. */
const FINDINGS_SHOWN_MAX = 100;

interface RunFacts {
  readonly repairs: boolean;
  /** Whether it went on where another run had stopped. */
  readonly isContinued: boolean;
}

/** What a walk over all files found, with buckets by their names. */
export async function reportReplicas(
  state: ReplicaWalkState,
  index: Pick<ObjectIndex, 'listBuckets'>,
  facts: RunFacts,
): Promise<Pick<CommandOutput, 'json' | 'text'>> {
  const names =
    state.findings.length > 0 ? await bucketNamesById(index) : new Map<number, string>();
  const findings = state.findings.map((finding) => toReported(finding, names));
  const { verdictCounts } = state;
  const json = {
    finished: state.isFinished,
    references: state.referenceCount,
    files: state.fileCount,
    whole: verdictCounts.whole,
    singleCopy: verdictCounts['single-copy'],
    partial: verdictCounts.partial,
    damaged: verdictCounts.damaged,
    missing: verdictCounts.missing,
    unknown: verdictCounts.unknown,
    young: state.youngCount,
    repaired: state.repairedCount,
    findingsLeftOut: state.findingsLeftOut,
    findings,
  };
  return { json, text: renderReport(state, findings, facts) };
}

interface Reported extends Omit<ReplicaFinding, 'references'> {
  readonly keys: readonly { bucket: string; key: string; uploadId: string | null }[];
}

function toReported(finding: ReplicaFinding, names: ReadonlyMap<number, string>): Reported {
  const { references, ...facts } = finding;
  const keys = references.map(({ bucketId, key, uploadId }) => ({
    bucket: names.get(bucketId) ?? `(deleted bucket ${bucketId})`,
    key,
    uploadId,
  }));
  return { ...facts, keys };
}

function renderReport(
  state: ReplicaWalkState,
  findings: readonly Reported[],
  { repairs, isContinued }: RunFacts,
): string {
  const { verdictCounts: counts, fileCount, youngCount, repairedCount } = state;
  const parts: string[] = [];
  if (findings.length > 0) parts.push(renderFindings(findings));
  const rows: [string, number][] = [
    ['files looked at', fileCount],
    ['on all storage servers of their group', counts.whole],
    ['on one storage server only', counts['single-copy']],
    ['on some storage servers, not all', counts.partial],
    ['with a damaged copy', counts.damaged],
    ['on no storage server', counts.missing],
    ['not known, storage servers are down', counts.unknown],
    ['of these, too new to judge', youngCount],
    ['stored anew', repairedCount],
  ];
  const shown = rows.filter(([, count], index) => index < 2 || count > 0);
  parts.push(renderTable(['FILES', ''], shown));
  const openCount = state.findings.filter(isOpen).length + state.findingsLeftOut;
  if (!state.isFinished) parts.push('Stopped before the end; run it again to go on from here.');
  else if (isContinued) parts.push('This run went on where the one before had stopped.');
  if (openCount > 0) {
    const open = openCount === 1 ? '1 file needs attention' : `${openCount} files need attention`;
    parts.push(repairs ? `${open}.` : `${open}; --repair stores anew what can be read.`);
  }
  if (counts.unknown > 0) {
    parts.push('Run it again when all storage servers are ACTIVE: some files are not known of.');
  }
  return parts.join('\n\n');
}

function renderFindings(findings: readonly Reported[]): string {
  const shown = findings.slice(0, FINDINGS_SHOWN_MAX);
  const table = renderTable(
    ['FILE', 'KEY', 'FOUND', 'SERVERS', 'DONE'],
    shown.map((finding) => [
      finding.fileId,
      renderKeys(finding),
      finding.verdict,
      finding.copies.map(renderCopy).join(' ') || (finding.problem ?? '-'),
      renderAction(finding),
    ]),
  );
  const more = findings.length - shown.length;
  return more > 0 ? `${table}\n… and ${more} more; --json has all.` : table;
}

function renderKeys({ keys, referenceCount }: Reported): string {
  const [first] = keys;
  if (!first) return '-';
  const part = first.uploadId === null ? '' : ' (unfinished upload)';
  const others = referenceCount > 1 ? ` and ${referenceCount - 1} more` : '';
  // Keys may hold line breaks and what terminals take for commands.
  return `${first.bucket}/${JSON.stringify(first.key).slice(1, -1)}${part}${others}`;
}

function renderCopy({ server, state }: FileCopy): string {
  return `${server}=${state}`;
}

function renderAction({ action, newFileId, remainingCount, problem }: Reported): string {
  if (action === 'failed') return `could not be stored anew: ${problem}`;
  if (action !== 'repaired') return '-';
  const rest = remainingCount > 0 ? `, ${remainingCount} keys still need the old one` : '';
  return `stored anew as ${newFileId}${rest}`;
}
