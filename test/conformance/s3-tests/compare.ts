/** What became of one test of the suite. */
export interface TestOutcome {
  /** `test_s3.py::test_bucket_list_empty`. */
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly message?: string;
}

/** Reasons of expected failures by the name of the test. */
export type ExpectedFailures = Readonly<Record<string, string>>;

export interface Comparison {
  readonly counts: Readonly<Record<TestOutcome['outcome'], number>>;
  /** They failed and are not in the list. */
  readonly unexpectedFailures: readonly TestOutcome[];
  /** They are in the list and did not fail. */
  readonly unexpectedPasses: readonly string[];
  /** They are in the list and the suite has no such test; empty for a selection. */
  readonly unknown: readonly string[];
  readonly expectedFailures: readonly { readonly name: string; readonly reason: string }[];
}

/** Holds the outcomes of a run, of all tests or of a selection, against the list. */
export function compare(
  outcomes: readonly TestOutcome[],
  expected: ExpectedFailures,
  { isSelection }: { readonly isSelection: boolean },
): Comparison {
  const failed = outcomes.filter(({ outcome }) => outcome === 'failed');
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { outcome } of outcomes) counts[outcome] += 1;
  const ran = new Set(outcomes.map(({ name }) => name));
  const isExpected = ({ name }: TestOutcome) => Object.hasOwn(expected, name);
  return {
    counts,
    unexpectedFailures: failed.filter((test) => !isExpected(test)),
    unexpectedPasses: outcomes
      .filter((test) => test.outcome !== 'failed' && isExpected(test))
      .map(({ name }) => name),
    unknown: isSelection ? [] : Object.keys(expected).filter((name) => !ran.has(name)),
    expectedFailures: failed
      .filter(isExpected)
      .map(({ name }) => ({ name, reason: expected[name] ?? '' })),
  };
}

/** Whether every test did what the list says of it, and at least one ran. */
export function isAsExpected(comparison: Comparison): boolean {
  const { unexpectedFailures, unexpectedPasses, unknown, counts } = comparison;
  const surprises = unexpectedFailures.length + unexpectedPasses.length + unknown.length;
  return surprises === 0 && counts.passed + counts.failed > 0;
}

const messageLengthShown = 300;

export function renderComparison(comparison: Comparison): string {
  const { counts, expectedFailures, unexpectedFailures, unexpectedPasses, unknown } = comparison;
  return [
    ...titled(
      'Expected failures',
      expectedFailures.map(({ name, reason }) => `${name}: ${reason}`),
    ),
    ...titled(
      'FAILED, and not in the list',
      unexpectedFailures.map(
        ({ name, message = '' }) =>
          `${name}: ${message.replace(/\s+/g, ' ').slice(0, messageLengthShown)}`,
      ),
    ),
    ...titled('Did not fail, but are in the list', unexpectedPasses),
    ...titled('In the list, but not in the suite', unknown),
    `${counts.passed} passed, ${counts.failed} failed (${expectedFailures.length} expected), ${counts.skipped} skipped`,
  ].join('\n');
}

function titled(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`), ''];
}
