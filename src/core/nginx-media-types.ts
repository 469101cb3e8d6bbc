import { extname } from 'node:path/posix';
import { mediaTypeOfName, unknownMediaType } from './media-types.ts';

/** Where nginx's own table (`mime.types`) says something else than the table of media types. */
const nginxTypes: Readonly<Record<string, string>> = {
  '.bmp': 'image/x-ms-bmp',
  '.deb': unknownMediaType,
  '.dll': unknownMediaType,
  '.dmg': unknownMediaType,
  '.exe': unknownMediaType,
  '.ico': 'image/x-icon',
  '.iso': unknownMediaType,
  '.js': 'application/javascript',
  '.m4a': 'audio/x-m4a',
  '.msi': unknownMediaType,
  '.pdb': 'application/x-pilot',
  '.prc': 'application/x-pilot',
  '.ra': 'audio/x-realaudio',
  '.rar': 'application/x-rar-compressed',
  '.xml': 'text/xml',
};

/**
 * What nginx has said of a file so far: browsers and players of a shop that moves to the gateway
 * see no other type than before. Extensions that nginx does not know have the usual type.
 */
export function nginxMediaTypeOf(fileName: string): string {
  const extension = extname(fileName).toLowerCase();
  return nginxTypes[extension] ?? mediaTypeOfName(fileName) ?? unknownMediaType;
}
