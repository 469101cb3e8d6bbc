/** One `NAME=value` line of a settings file. */
export interface SettingLine {
  readonly name: string;
  readonly value: string;
  /** Counted from 1. */
  readonly lineNumber: number;
}

/**
 * Reads the `NAME=value` form that shells, systemd's EnvironmentFile and Docker's env files share:
 * one setting a line, `#` starts a comment line, `export ` in front and quotes around a value are
 * dropped. Nothing is expanded. Lines of any other shape are returned as problems.
 */
export function parseSettingsFile(text: string): { lines: SettingLine[]; problems: string[] } {
  const lines: SettingLine[] = [];
  const problems: string[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const match = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/.exec(line);
    if (match) {
      lines.push({ name: match[1] ?? '', value: unquote(match[2] ?? ''), lineNumber: index + 1 });
    } else {
      // The line itself is not shown: it may be a secret with its name broken.
      problems.push(`line ${index + 1} is not NAME=value`);
    }
  }
  return { lines, problems };
}

function unquote(value: string): string {
  return (
    /^"(.*)"$|^'(.*)'$/
      .exec(value)
      ?.slice(1)
      .find((text) => text !== undefined) ?? value
  );
}
