/** Names of what Kodo makes of images, sound and films, which come as the query of a download. */
const operations = [
  ...['imageView', 'imageView2', 'imageMogr', 'imageMogr2', 'imageInfo', 'imageAve', 'imageslim'],
  ...['exif', 'watermark', 'roundPic', 'animate', 'montage', 'blur', 'qrcode', 'avinfo', 'avthumb'],
  ...['avconcat', 'vframe', 'vsample', 'pm3u8', 'odconv', 'md2html', 'hash', 'mkzip', 'saveas'],
  ...['yifangyun_preview', 'iar', 'ufop', 'pulp', 'video-censor', 'image-censor'],
];

/** Alone, or with arguments behind `/`, or joined with others: a parameter `hash=1` is none. */
const processing = new RegExp(`^(?:${operations.join('|')})(?:[/|]|$)`);

/**
 * Whether a raw query asks for something else than the object's bytes. Whatever is not known is a
 * parameter that keeps caches apart, and is ignored.
 */
export function asksForProcessing(rawQuery: string | null): boolean {
  return (rawQuery ?? '').split('&').some((parameter) => processing.test(unescaped(parameter)));
}

/** Clients write the bars between operations either way. */
function unescaped(text: string): string {
  return text.replace(/%7c/gi, '|').replace(/%2f/gi, '/');
}
