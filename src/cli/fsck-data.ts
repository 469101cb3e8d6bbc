import {
  DataWalk,
  type DataWalkState,
  dataFindingKinds,
  newDataWalkState,
} from '../core/fsck/data-walk.ts';
import type { CheckLevel, DataVerdict } from '../core/fsck/file-check.ts';
import { type Finding, FindingLog, findingsKeptMax } from '../core/fsck/findings.ts';
import { parseSize } from '../support/units.ts';
import { bucketNamesById } from './bucket-names.ts';
import type { CommandContext, CommandOutput } from './command.ts';
import { UsageError } from './failures.ts';
import { reportFsck } from './fsck-report.ts';
import { countToLookAt, findBucketId, parseRate, runWalk } from './run-walk.ts';
import { dataFinding, dataWalkState, SavedWalk } from './saved-walk.ts';

export interface FsckDataOptions {
  /** True for one copy of each file. */
  readonly read?: boolean | string;
  readonly rate?: string;
  readonly bandwidth?: string;
  readonly bucket?: string;
  readonly restart?: boolean;
  readonly repair?: boolean;
}

const BYTES_PER_SECOND_DEFAULT = 50 * 1024 ** 2;
const BYTES_PER_SECOND_MIN = 1024;

const shapes = { state: dataWalkState, finding: dataFinding };

/**
 * Looks for every file that the index refers to on FastDFS, and reads it when it is told to. Ends
 * early on SIGINT and SIGTERM; the next run with the same options goes on there.
 */
export async function fsckData(
  { services }: CommandContext,
  options: FsckDataOptions,
): Promise<CommandOutput> {
  const { core, directory } = services;
  if (options.repair) {
    throw new UsageError('--data repairs nothing; replicas --repair stores files anew.');
  }
  const level = parseLevel(options.read);
  const filesPerSecond = parseRate(options.rate);
  const bytesPerSecond = parseBandwidth(options.bandwidth);
  const bucketId =
    options.bucket === undefined ? null : await findBucketId(services, options.bucket);
  const kind = { bucketId, level, restoredAtMs: await core.index.findRestoreTime() };
  const saved = new SavedWalk(directory.walkFile('data-walk'), kind, shapes);
  const kept = options.restart ? null : saved.find();
  const findings = new DataFindings(kept?.findings ?? []);
  const state = await runWalk<DataWalkState, Finding>(kept?.state ?? newDataWalkState, {
    label: level === 'ask' ? 'Asking' : 'Reading',
    total: await countToLookAt(services, bucketId),
    saved,
    startStepping: (onLook) => {
      const limits = { bucketId, filesPerSecond, bytesPerSecond };
      const walk = new DataWalk(core, { ...limits, level, onLook });
      return async (before, signal) => {
        const step = await walk.step(before, signal);
        return { state: step.state, added: findings.add(step.added) };
      };
    },
  });
  return await report(state, findings, core.index, { level, isContinued: kept !== null });
}

/** What was found, by this run and those before it. */
class DataFindings {
  readonly #kept: Finding[];

  constructor(kept: readonly Finding[]) {
    this.#kept = [...kept];
  }

  /** Gives those that are kept; of more, only the numbers in the state tell. */
  add(added: readonly Finding[]): readonly Finding[] {
    const taken = added.slice(0, Math.max(0, findingsKeptMax - this.#kept.length));
    this.#kept.push(...taken);
    return taken;
  }

  log(state: DataWalkState): FindingLog {
    const log = new FindingLog();
    for (const finding of this.#kept) log.add(finding);
    for (const [verdict, count] of Object.entries(state.verdictCounts)) {
      const kind = dataFindingKinds[verdict as DataVerdict];
      if (kind === null) continue;
      const told = this.#kept.filter((finding) => finding.kind === kind.kind).length;
      if (count > told) log.addUnseen({ ...kind, repair: 'impossible' }, count - told);
    }
    return log;
  }
}

function parseLevel(read: boolean | string | undefined): CheckLevel {
  if (read === undefined || read === false) return 'ask';
  if (read === true) return 'read';
  if (read === 'all') return 'read-all';
  throw new UsageError('--read takes nothing, for one copy of each file, or all.');
}

function parseBandwidth(text: string | undefined): number {
  if (text === undefined) return BYTES_PER_SECOND_DEFAULT;
  const bytes = parseSize(text);
  if (bytes !== null && bytes >= BYTES_PER_SECOND_MIN) return bytes;
  throw new UsageError('--bandwidth must be a size of 1KiB or more, read each second.');
}

async function report(
  state: DataWalkState,
  findings: DataFindings,
  index: CommandContext['services']['core']['index'],
  { level, isContinued }: { readonly level: CheckLevel; readonly isContinued: boolean },
): Promise<CommandOutput> {
  const { isFinished, verdictCounts, fileCount, referenceCount, bytesRead } = state;
  const checked: [string, number][] = [
    ['references', referenceCount],
    ['files', fileCount],
    ['sound', verdictCounts.sound],
    ['not known, storage servers are down', verdictCounts.unknown],
    ...(level === 'ask' ? [] : ([['bytes read', bytesRead]] satisfies [string, number][])),
  ];
  const notes: string[] = [];
  if (!isFinished) notes.push('Run it again with the same options to go on from here.');
  else if (isContinued) notes.push('This run went on where the one before had stopped.');
  if (level === 'ask') {
    notes.push('Storage servers were asked for files and sizes; --read compares their bytes too.');
  }
  if (verdictCounts['copy-damaged'] > 0) {
    notes.push('replicas --repair stores files anew that have a damaged copy of another size.');
  }
  if (verdictCounts.unknown > 0) {
    notes.push('Run it again when all storage servers are ACTIVE: some files are not known of.');
  }
  const bucketNames = await bucketNamesById(index);
  const result = reportFsck({
    ...{ isFinished, checked, notes, bucketNames, repairs: false, findings: findings.log(state) },
  });
  return { ...result, failed: (result.failed ?? false) || verdictCounts.unknown > 0 };
}
