import { randomUUID } from 'node:crypto';
import { localTime } from '../../core/local-time.ts';
import { extensionOfMediaType, extensionOfName } from '../../core/media-types.ts';
import type { FindValue, TemplateValue } from './template.ts';

/** What templates can say of an upload whose content is known. */
export interface UploadFacts {
  readonly bucketName: string;
  readonly qetag: string;
  readonly size: number;
  readonly mediaType: string;
  /** Whether the content, not a name, told the media type. */
  readonly isMediaTypeSniffed: boolean;
  /** As the client named the file, directories and all; null where it did not. */
  readonly fileName: string | null;
  readonly endUser: string;
  /** By name with `x:`. */
  readonly customVariables: ReadonlyMap<string, string>;
  readonly imageInfo: Readonly<Record<string, unknown>> | null;
}

const datePattern = /^(year|mon|day|hour|min|sec)$/;

/**
 * For `saveKey`: there is no key yet, but the time.
 * https://developer.qiniu.com/kodo/1235/vars
 */
export function keyVariables(facts: UploadFacts, nowMs: number, timeZone: string): FindValue {
  return (name) =>
    datePattern.test(name) ? dateVariable(name, nowMs, timeZone) : commonVariable(facts, name);
}

/** For the bodies of answers and callbacks. `key` is null as long as the callback decides it. */
export function bodyVariables(facts: UploadFacts, key: string | null): FindValue {
  const uuid = randomUUID();
  return (name) => {
    switch (name) {
      case 'key':
        return key;
      case 'uuid':
        return uuid;
      case 'imageInfo':
        return facts.imageInfo;
      default:
        return name.startsWith('imageInfo.')
          ? fieldOf(facts.imageInfo, name.slice('imageInfo.'.length))
          : commonVariable(facts, name);
    }
  };
}

function commonVariable(facts: UploadFacts, name: string): TemplateValue {
  switch (name) {
    case 'bucket':
      return facts.bucketName;
    case 'etag':
      return facts.qetag;
    case 'fsize':
      return facts.size;
    case 'mimeType':
      return facts.mediaType;
    case 'fname':
      return facts.fileName;
    case 'fprefix':
      return facts.fileName === null ? null : prefixOf(facts.fileName);
    case 'ext':
      return extensionOf(facts);
    case 'endUser':
      return facts.endUser === '' ? null : facts.endUser;
    default:
      return name.startsWith('x:') ? (facts.customVariables.get(name) ?? null) : null;
  }
}

function dateVariable(name: string, nowMs: number, timeZone: string): string {
  const { year, month, day, hour, minute, second } = localTime(nowMs, timeZone);
  const values: Readonly<Record<string, number>> = {
    mon: month,
    day,
    hour,
    min: minute,
    sec: second,
  };
  return name === 'year' ? String(year).padStart(4, '0') : String(values[name]).padStart(2, '0');
}

function prefixOf(fileName: string): string {
  const extension = extensionOfName(fileName);
  return extension === '' ? fileName : fileName.slice(0, -extension.length);
}

/** What the content is goes before what the file's name says, and that before what is only claimed. */
function extensionOf({ mediaType, isMediaTypeSniffed, fileName }: UploadFacts): TemplateValue {
  const ofName = extensionOfName(fileName ?? '');
  const ofType = extensionOfMediaType(mediaType);
  return (isMediaTypeSniffed ? ofType || ofName : ofName || ofType) || null;
}

function fieldOf(info: Readonly<Record<string, unknown>> | null, name: string): TemplateValue {
  const value = info && Object.hasOwn(info, name) ? info[name] : null;
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}
