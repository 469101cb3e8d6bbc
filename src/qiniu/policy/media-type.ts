import {
  extensionOfName,
  mediaTypeOfName,
  sniffMediaType,
  unknownMediaType,
} from '../../core/media-types.ts';
import type { MimeDetection } from './put-policy.ts';

export interface MediaTypeInputs {
  /** Null where the client says none. */
  readonly clientType: string | null;
  readonly fileName: string | null;
  /** Null while it is not decided. */
  readonly key: string | null;
  /** The first bytes of the content. */
  readonly head: () => Promise<Buffer>;
}

export interface DecidedMediaType {
  readonly mediaType: string;
  readonly isSniffed: boolean;
}

/** What a Content-Type header can hold; other claims are as good as none. */
const headerValue = /^[\x20-\x7e]{1,255}$/;

/** https://developer.qiniu.com/kodo/1206/put-policy, detectMime */
export async function decideMediaType(
  detection: MimeDetection,
  inputs: MediaTypeInputs,
): Promise<DecidedMediaType> {
  const claimed = claimedType(inputs.clientType);
  if (detection === 'client-only') return asSaid(claimed ?? unknownMediaType);
  const isClientFirst = detection === 'client-first';
  if (isClientFirst && claimed !== null && claimed !== unknownMediaType) return asSaid(claimed);
  const named = typeOfNames(inputs);
  if (isClientFirst && named !== null) return asSaid(named);
  const sniffed = await sniffMediaType(await inputs.head());
  if (sniffed !== null) return { mediaType: sniffed, isSniffed: true };
  return asSaid(named ?? unknownMediaType);
}

/** What the content is, whatever the client claims; by its names where the content does not tell. */
export async function judgedMediaType(inputs: Omit<MediaTypeInputs, 'clientType'>) {
  const sniffed = await sniffMediaType(await inputs.head());
  return sniffed ?? typeOfNames(inputs) ?? unknownMediaType;
}

/** Whether `image/*;text/plain` lists a media type, or `!image/*` does not. */
export function allowsMediaType(mimeLimit: string, mediaType: string): boolean {
  const isDenyList = mimeLimit.startsWith('!');
  const patterns = (isDenyList ? mimeLimit.slice(1) : mimeLimit)
    .split(';')
    .map((pattern) => pattern.trim().toLowerCase())
    .filter((pattern) => pattern !== '');
  if (patterns.length === 0) return true;
  const essence = mediaType.split(';')[0]?.trim().toLowerCase() ?? '';
  const isListed = patterns.some((pattern) =>
    pattern.endsWith('/*')
      ? essence.startsWith(pattern.slice(0, -1))
      : pattern === essence || pattern === '*',
  );
  return isListed !== isDenyList;
}

function asSaid(mediaType: string): DecidedMediaType {
  return { mediaType, isSniffed: false };
}

function claimedType(clientType: string | null): string | null {
  const type = clientType?.trim() ?? '';
  return headerValue.test(type) ? type : null;
}

function typeOfNames({ fileName, key }: Pick<MediaTypeInputs, 'fileName' | 'key'>): string | null {
  return (
    [fileName, key]
      .filter((name) => name !== null && extensionOfName(name) !== '')
      .map((name) => mediaTypeOfName(name ?? ''))
      .find((type) => type !== null) ?? null
  );
}
