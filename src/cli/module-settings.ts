import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { CommandOutput } from './command.ts';

/** Keys of `mod_fastdfs.conf` and `http.conf`, with all values that each is given. */
type ModuleSettings = ReadonlyMap<string, readonly string[]>;

/** Of files that include one another. */
const includesMax = 8;

/** What the gateway is to be told, and what a person should know about it. */
interface DerivedSettings {
  readonly settings: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/** `files settings-from FILE…`: settings that make the files door answer as those of nginx's module do. */
export async function settingsFromModule(paths: readonly string[]): Promise<CommandOutput> {
  const { settings, notes } = deriveSettings(readModuleSettings(paths));
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const comments = notes.map((note) => `# ${note}`);
  return { json: { settings, notes }, text: [...lines, ...comments].join('\n') };
}

/** Reads the files and what they include. Throws when one cannot be read. */
function readModuleSettings(paths: readonly string[]): ModuleSettings {
  const found = new Map<string, string[]>();
  const seen = new Set<string>();
  const read = (path: string, depth: number): void => {
    if (seen.has(path) || depth > includesMax) return;
    seen.add(path);
    for (const { key, value } of parseLines(readFileSync(path, 'utf8'))) {
      if (key === '#include') read(resolve(dirname(path), value), depth + 1);
      else found.set(key, [...(found.get(key) ?? []), value]);
    }
  };
  for (const path of paths) read(resolve(path), 0);
  return found;
}

/** Lines in front of the first section: sections tell of groups, which the gateway asks trackers for. */
function parseLines(text: string): { readonly key: string; readonly value: string }[] {
  const lines: { key: string; value: string }[] = [];
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const line = raw.trim();
    if (/^\[.*\]$/.test(line)) break;
    const include = /^#include\s+(\S.*)$/.exec(line)?.[1];
    if (include !== undefined) lines.push({ key: '#include', value: include });
    const [, key, value] = /^([A-Za-z][\w.]*)\s*=\s*(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) lines.push({ key, value });
  }
  return lines;
}

function deriveSettings(module: ModuleSettings): DerivedSettings {
  const get = (key: string): string => module.get(key)?.[0] ?? '';
  const settings: Record<string, string> = {};
  const notes: string[] = [];
  const trackers = module.get('tracker_server') ?? [];
  if (trackers.length > 0) settings.FASTDFS_TRACKERS = [...new Set(trackers)].join(',');
  if (get('url_have_group_name') !== '' && !isOn(get('url_have_group_name'))) {
    settings.GATEWAY_FILES_DEFAULT_GROUP = get('group_name');
  }
  Object.assign(settings, isOn(get('http.anti_steal.check_token')) ? antiSteal(get) : open(notes));
  const bypass = get('anti_steal_bypass_header_name');
  if (bypass !== '') {
    settings.GATEWAY_FILES_TOKEN_BYPASS = `${bypass}: ${get('anti_steal_bypass_header_value')}`;
  }
  if (get('response_mode') === 'redirect') {
    notes.push(
      'response_mode = redirect is not needed: the gateway reads from all storage servers.',
    );
  }
  if (get('use_storage_id') !== '') {
    notes.push('Storage ids, store paths and groups need no settings: the trackers tell them.');
  }
  return { settings, notes };
}

function antiSteal(get: (key: string) => string): Record<string, string> {
  const ttl = get('http.anti_steal.token_ttl');
  const substitute = get('http.anti_steal.token_check_fail');
  return {
    GATEWAY_FILES_ACCESS: 'closed',
    GATEWAY_FILES_TOKEN_SECRET: get('http.anti_steal.secret_key'),
    ...(ttl !== '' && { GATEWAY_FILES_TOKEN_TTL: `${ttl}s` }),
    ...(substitute !== '' && { GATEWAY_FILES_TOKEN_SUBSTITUTE: substitute }),
  };
}

function open(notes: string[]): Record<string, string> {
  notes.push(
    'Every file ID stays open to everybody, as it is now. Leave GATEWAY_FILES_ACCESS out to close them.',
  );
  return { GATEWAY_FILES_ACCESS: 'open' };
}

/** As libfastcommon reads a value of yes or no. */
function isOn(value: string): boolean {
  return /^(yes|true|on|1)$/i.test(value);
}
