import { importOutcomes, type RowOutcome } from '../core/import/import-request.ts';
import type { CommandOutput } from './command.ts';
import type { ImportTally } from './import-tally.ts';

const LABELS: Readonly<Record<RowOutcome, string>> = {
  imported: 'imported',
  overwritten: 'imported in the place of another object',
  updated: 'already there, with their MD5 from now on',
  present: 'already there',
  conflict: 'left out: another object has the key',
  'too-new': 'left out: too new, a write may be about to use them',
  queued: 'left out: waiting to be deleted',
  changed: 'left out: their use changed meanwhile, import them again',
  missing: 'missing on the storage servers',
  unavailable: 'unknown: no storage server could tell',
  damaged: 'damaged',
  malformed: 'malformed',
};

/** What somebody should do something about. */
const FAILURES: readonly RowOutcome[] = [
  ...['changed', 'missing', 'unavailable', 'damaged', 'malformed'],
] as RowOutcome[];

export interface ImportFacts {
  readonly bucketName: string;
  readonly isDryRun: boolean;
  readonly isFinished: boolean;
  /** Whether it went on where a run before was stopped. */
  readonly isContinued: boolean;
}

export function reportImport(
  tally: ImportTally,
  { bucketName, isDryRun, isFinished, isContinued }: ImportFacts,
): CommandOutput {
  const counts = importOutcomes.filter((outcome) => tally.countOf(outcome) > 0);
  const lines = [
    `${isDryRun ? 'Nothing was written: what an import into' : 'Import into'} bucket ${bucketName}${isDryRun ? ' would do' : ''}${isContinued ? ', with what a run before did' : ''}`,
    `  ${tally.lineCount}  lines of the sources`,
    ...[...tally.passedOver].map(([what, count]) => `  ${count}  ${what}, passed over`),
    ...counts.map((outcome) => `  ${tally.countOf(outcome)}  ${LABELS[outcome]}`),
    ...tally.samples.map(({ source, line, outcome, key, fileIds, problem }) => {
      const name = key === null ? '' : ` ${JSON.stringify(key)}`;
      const file = fileIds.length === 0 ? '' : ` ${fileIds[0]}`;
      return `${source}:${line}: ${outcome}${name}${file}${problem === null ? '' : `: ${problem}`}`;
    }),
    ...(isFinished ? [] : ['Interrupted; the same command goes on from here.']),
  ];
  return {
    json: {
      ...{ bucket: bucketName, dryRun: isDryRun, finished: isFinished, continued: isContinued },
      lines: tally.lineCount,
      passedOver: Object.fromEntries(tally.passedOver),
      counts: Object.fromEntries(importOutcomes.map((name) => [name, tally.countOf(name)])),
      problems: tally.samples,
    },
    text: lines.join('\n'),
    failed: !isFinished || FAILURES.some((outcome) => tally.countOf(outcome) > 0),
  };
}
