/** A field of a form, or with a file name, a file. */
export interface FormPart {
  readonly name: string;
  readonly value: string | Buffer;
  readonly fileName?: string;
}

export const testBoundary = '----TestBoundary7MA4YWxkTrZu0gW';

/** A form as browsers write it. */
export function formBody(
  parts: readonly FormPart[],
  { boundary = testBoundary, end = '\r\n' }: { boundary?: string; end?: string } = {},
): Buffer {
  const pieces = parts.flatMap(({ name, value, fileName }) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"` +
        `${fileName === undefined ? '' : `; filename="${fileName}"\r\nContent-Type: text/x-test`}\r\n\r\n`,
    ),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--${end}`)]);
}
