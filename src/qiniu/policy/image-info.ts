import { imageSize } from 'image-size';

/** First bytes of an image that are searched for its size: metadata may stand before it. */
export const imageHeadSizeBytes = 512 * 1024;

const formats: Readonly<Record<string, string>> = {
  jpg: 'jpeg',
  png: 'png',
  gif: 'gif',
  webp: 'webp',
  bmp: 'bmp',
};

/** By the colour type of a PNG's header. https://www.w3.org/TR/png/#11IHDR */
const pngColorModels: Readonly<Record<number, string>> = {
  0: 'gray',
  2: 'rgba',
  3: 'palette',
  4: 'nrgba',
  6: 'nrgba',
};
const pngColorTypeOffset = 25;

/**
 * Format, width and height in pixels, and colour model of an image, told by its header; null for
 * anything else. https://developer.qiniu.com/dora/1269/basic-information-imageinfo
 */
export function imageInfo(head: Buffer): Readonly<Record<string, unknown>> | null {
  // Other forms are told by few of its first bytes and searched for long: not asked for.
  if (!looksLikeImage(head)) return null;
  try {
    const { type = '', width, height } = imageSize(head);
    const format = formats[type];
    if (format === undefined) return null;
    return { format, width, height, colorModel: colorModelOf(format, head) };
  } catch {
    return null;
  }
}

function looksLikeImage(head: Buffer): boolean {
  const start = head.toString('latin1', 0, 12);
  return /^(\xff\xd8\xff|\x89PNG|GIF8|BM|RIFF[\s\S]{4}WEBP)/.test(start);
}

function colorModelOf(format: string, head: Buffer): string {
  switch (format) {
    case 'png':
      return pngColorModels[head[pngColorTypeOffset] ?? -1] ?? 'nrgba';
    case 'gif':
      return 'palette';
    case 'bmp':
      return 'rgba';
    default:
      return 'ycbcr';
  }
}
