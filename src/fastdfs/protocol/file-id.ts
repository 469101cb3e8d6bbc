import {
  EXTENSION_SIZE,
  FILE_NAME_LENGTH_MAX,
  FILE_NAME_LENGTH_MIN,
  FILE_NAME_LENGTH_NORMAL,
  FILE_NAME_LENGTH_TRUNK,
  GROUP_NAME_SIZE,
  LOGICAL_PATH_LENGTH,
  NAME_BASE64_LENGTH,
  NAME_TAIL_LENGTH,
  NAME_TRUNK_LENGTH,
  SLAVE_PREFIX_SIZE,
} from './constants.ts';
import { ProtocolError } from './errors.ts';

const GROUP_NAME = new RegExp(`^[A-Za-z0-9]{1,${GROUP_NAME_SIZE}}$`);
/**
 * Stricter than storage servers, which let `..` pass as a name: 27 base64 characters in front and
 * no further slash leave nothing that could name another directory.
 */
const FILE_NAME = /^M[0-9A-F]{2}\/[0-9A-F]{2}\/[0-9A-F]{2}\/[A-Za-z0-9_-]{27}[A-Za-z0-9._-]*$/;
const EXTENSION = new RegExp(`^[A-Za-z0-9._-]{0,${EXTENSION_SIZE}}$`);
const SLAVE_PREFIX = new RegExp(`^[A-Za-z0-9._-]{1,${SLAVE_PREFIX_SIZE}}$`);
/** Digits alone, or fewer digits, a dot and the extension; `.tar.gz` starts at its first dot. */
const NAME_TAIL = /^(?:\d{7}|\d{0,5}\.[A-Za-z0-9._-]{1,6})$/;

/** A file ID in its two parts, as requests carry them. */
export interface FileIdParts {
  readonly groupName: string;
  /** The name without the group: `M00/00/00/…`. */
  readonly fileName: string;
}

function isGroupName(text: string): boolean {
  return GROUP_NAME.test(text);
}

/** Whether the text is a file name (without group) that a request may carry. */
export function isFileName(text: string): boolean {
  return (
    text.length >= FILE_NAME_LENGTH_MIN &&
    text.length <= FILE_NAME_LENGTH_MAX &&
    FILE_NAME.test(text)
  );
}

/** Whether the text can be the extension of an upload: without dot in front, possibly empty. */
export function isExtension(text: string): boolean {
  return EXTENSION.test(text);
}

export function isSlavePrefix(text: string): boolean {
  return SLAVE_PREFIX.test(text);
}

/** Splits `group1/M00/00/00/…`. Throws `ProtocolError` for anything that no server would have named. */
export function parseFileId(fileId: string): FileIdParts {
  const slash = fileId.indexOf('/');
  const groupName = fileId.slice(0, Math.max(slash, 0));
  const fileName = fileId.slice(slash + 1);
  if (!isGroupName(groupName) || !isFileName(fileName)) {
    throw new ProtocolError(`not a file ID: ${JSON.stringify(fileId.slice(0, 200))}`);
  }
  return { groupName, fileName };
}

export function formatFileId({ groupName, fileName }: FileIdParts): string {
  return `${groupName}/${fileName}`;
}

/**
 * Where the file lies below the data directory of its store path: `HH/HH/name`. Throws
 * `ProtocolError` for any name that could lead out of that directory.
 */
export function dataPathOf(fileName: string): string {
  requireFileName(fileName);
  return fileName.slice(4);
}

/** The store path index in front of the name: `M00` is 0. */
export function storePathIndexOf(fileName: string): number {
  requireFileName(fileName);
  return Number.parseInt(fileName.slice(1, 3), 16);
}

/** What follows the first dot among the last 7 characters; empty when there is none. */
export function extensionOf(fileName: string): string {
  const tail = fileName.slice(-NAME_TAIL_LENGTH);
  const dot = tail.indexOf('.');
  return dot === -1 ? '' : tail.slice(dot + 1);
}

/**
 * The name that a slave upload gives: master name without its extension, prefix, extension. A
 * result of 44 characters or less looks like a normal file (see `decodeFileName`).
 */
export function slaveFileName(masterFileName: string, prefix: string, extension: string): string {
  requireFileName(masterFileName);
  const tailStart = masterFileName.length - NAME_TAIL_LENGTH;
  const dot = masterFileName.indexOf('.', tailStart);
  const stem = dot === -1 ? masterFileName : masterFileName.slice(0, dot);
  return stem + prefix + (extension === '' ? '' : `.${extension}`);
}

export function requireFileName(fileName: string): void {
  if (!isFileName(fileName)) {
    throw new ProtocolError(`not a file name: ${JSON.stringify(fileName.slice(0, 200))}`);
  }
}

export function requireGroupName(groupName: string): void {
  if (!isGroupName(groupName)) {
    throw new ProtocolError(`not a group name: ${JSON.stringify(groupName.slice(0, 200))}`);
  }
}

/** The parts of a file name by position; `encoded` is the base64 part, `rest` what follows it. */
export function splitFileName(fileName: string): { encoded: string; rest: string } {
  requireFileName(fileName);
  const restStart = LOGICAL_PATH_LENGTH + NAME_BASE64_LENGTH;
  return {
    encoded: fileName.slice(LOGICAL_PATH_LENGTH, restStart),
    rest: fileName.slice(restStart),
  };
}

/**
 * Whether the name is that of a file whose name tells its own size: exactly as long as its kind
 * demands and with a proper tail. All others are slaves. A slave passes only when its prefix is
 * made of digits to fit.
 */
export function isOwnName(fileName: string, isInTrunk: boolean): boolean {
  return (
    fileName.length === (isInTrunk ? FILE_NAME_LENGTH_TRUNK : FILE_NAME_LENGTH_NORMAL) &&
    NAME_TAIL.test(fileName.slice(-NAME_TAIL_LENGTH))
  );
}

/** The 16 characters of a name that say where in a trunk file the content lies. */
export function trunkPartOf(rest: string): string {
  return rest.slice(0, NAME_TRUNK_LENGTH);
}
