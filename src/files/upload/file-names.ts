import { extensionOfName } from '../../core/media-types.ts';

/** FastDFS has room for so many characters behind the dot. */
const extensionLengthMax = 6;
const compressedTar = /\.(tar\.[A-Za-z0-9]{1,2})$/i;

/** Without the directories that some browsers send. */
export function baseName(fileName: string): string {
  return fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1);
}

/**
 * What the file ID of a file of that name ends in, without a dot, as FastDFS's own client takes it:
 * `tar.gz` as a whole, and nothing of extensions that are longer than 6 characters or have others
 * than ASCII letters and digits.
 */
export function fileIdExtension(fileName: string): string {
  const name = baseName(fileName);
  const extension = compressedTar.exec(name)?.[1] ?? extensionOfName(name).slice(1);
  const fits = extension.length <= extensionLengthMax && /^[A-Za-z0-9.]*$/.test(extension);
  return fits ? extension : '';
}
