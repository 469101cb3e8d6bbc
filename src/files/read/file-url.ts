/** What of the settings says which paths are files. */
export interface FileUrlRules {
  /** That of paths without a group; null where such are refused. */
  readonly defaultGroup: string | null;
  /** Paths in front of files, without slashes at their ends: `fastdfs`, `static/img`. */
  readonly prefixes: readonly string[];
}

/** A path that names a file, whether there is one or not. */
export interface FileUrl {
  /** `group1/M00/00/00/…` */
  readonly fileId: string;
  readonly groupName: string;
  /** The ID without its group: what anti-steal tokens sign. */
  readonly fileName: string;
  /** Came as `/download/<file ID>`. */
  readonly isDownload: boolean;
}

/**
 * - `malformed`: meant to be a file, but no storage server names files like that.
 * - `metadata`: the file beside another one where a storage server keeps its metadata.
 * - `no-file`: another kind of path.
 */
export type FileUrlProblem = 'malformed' | 'metadata' | 'no-file';

/** The bound of nginx's FastDFS module. */
const pathLengthMax = 511;
const fileNameLengthMax = 127;
const downloadPrefix = 'download';
const groupName = /^[A-Za-z0-9]{1,16}$/;
const storePath = /^[Mm][0-9A-Fa-f]{2}$/;
/** Directories have upper-case digits; 27 characters of base64 stand in front of every name. */
const fileNamePattern =
  /^M[0-9A-F]{2}\/[0-9A-F]{2}\/[0-9A-F]{2}\/[A-Za-z0-9_-]{27}[A-Za-z0-9._-]*$/;

/**
 * Reads a path as it was received, without its query. Slashes that proxies double in front of the
 * group are one; nothing else is put right, so that one file has few URLs, and none leads out of
 * the directories of the storage servers. A slash may be written `%2F` behind `/download/` only,
 * where applications put the ID as one piece.
 */
export function parseFileUrl(path: string, rules: FileUrlRules): FileUrl | FileUrlProblem {
  if (path.length > pathLengthMax) return 'malformed';
  const decoded = decodePath(path);
  if (decoded === null) return 'malformed';
  let rest = withoutSlashes(decoded);
  const prefix = rules.prefixes.find((each) => rest.startsWith(`${each}/`));
  if (prefix !== undefined) rest = withoutSlashes(rest.slice(prefix.length));
  const isDownload = rest.startsWith(`${downloadPrefix}/`);
  if (isDownload) rest = withoutSlashes(rest.slice(downloadPrefix.length));
  if (hasEncodedSlash(path) && !isDownload) return 'malformed';
  return readFileId(rest, isDownload, rules);
}

function readFileId(
  text: string,
  isDownload: boolean,
  { defaultGroup }: FileUrlRules,
): FileUrl | FileUrlProblem {
  const segments = text.split('/');
  const isGroupless = storePath.test(segments[0] ?? '') && !storePath.test(segments[1] ?? '');
  const isMeantAsFile = isGroupless || isDownload || segments.some((each) => storePath.test(each));
  if (segments.includes('..')) return 'malformed';
  if (!isMeantAsFile) return 'no-file';
  const group = isGroupless ? defaultGroup : segments[0];
  const fileName = isGroupless ? text : segments.slice(1).join('/');
  const isWellFormed =
    groupName.test(group ?? '') &&
    fileName.length <= fileNameLengthMax &&
    fileNamePattern.test(fileName);
  if (!group || !isWellFormed) return 'malformed';
  if (fileName.endsWith('-m')) return 'metadata';
  return { fileId: `${group}/${fileName}`, groupName: group, fileName, isDownload };
}

/** Null for what is no UTF-8, or holds characters that no path may hold. */
function decodePath(path: string): string | null {
  try {
    const decoded = decodeURIComponent(path);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
    return /[\u0000-\u001f\u007f\\]/.test(decoded) ? null : decoded;
  } catch {
    return null;
  }
}

function hasEncodedSlash(path: string): boolean {
  return /%2f/i.test(path);
}

function withoutSlashes(text: string): string {
  let start = 0;
  while (text[start] === '/') start += 1;
  return text.slice(start);
}
