import type { UploadSettings } from './upload-settings.ts';

/** What a request to write asks for. */
export type UploadRoute =
  | { readonly kind: 'upload'; readonly profileName: string }
  /** `reference` is what follows `/delete/` in the path. */
  | { readonly kind: 'delete'; readonly reference: string | null }
  | { readonly kind: 'go-fastdfs'; readonly groupName: string; readonly endpoint: string };

/** A path of this part of the door, and the methods that it takes. */
export interface FoundRoute {
  readonly route: UploadRoute;
  readonly methods: readonly string[];
}

/** Paths that small upload services have in common, and what their clients expect. */
const uploadPaths: ReadonlyMap<string, string> = new Map([
  ['/upload', 'seed'],
  ['/file/upload', 'storepath'],
  ['/fastdfs/upload', 'storepath'],
  ['/fdfs/upload', 'storepath'],
  ['/upload.php', 'php'],
]);

/** Those of go-fastdfs that say something of files; the others are for its own administration. */
const goFastdfsMethods: Readonly<Record<string, readonly string[]>> = {
  upload: ['POST', 'GET'],
  // go-fastdfs deletes by GET as well, which pages and link checkers do unasked.
  delete: ['POST', 'DELETE'],
  get_file_info: ['GET', 'POST'],
  check_file_exist: ['GET', 'POST'],
  check_files_exist: ['GET', 'POST'],
  list_dir: ['GET', 'POST'],
};
const goFastdfsPath =
  /^\/([A-Za-z0-9]{1,16})\/(upload|delete|get_file_info|check_files?_exist|list_dir|stat|status|search|reload|repair|repair_stat|repair_fileinfo|sync|backup|big\/upload)$/;

/** Null for a path that is not about uploads. `path` is as received, without its query. */
export function findUploadRoute(path: string, settings: UploadSettings): FoundRoute | null {
  const plain = path
    .replace(/^https?:\/\/[^/]*/i, '')
    .replace(/^\/{2,}/, '/')
    .replace(/(?<=.)\/$/, '');
  const profileName = settings.profilePaths.get(plain) ?? uploadPaths.get(plain);
  if (profileName !== undefined) {
    return { route: { kind: 'upload', profileName }, methods: ['POST'] };
  }
  if (plain === '/delete') {
    return { route: { kind: 'delete', reference: null }, methods: ['DELETE', 'POST'] };
  }
  if (plain.startsWith('/delete/')) {
    const reference = plain.slice('/delete/'.length);
    return { route: { kind: 'delete', reference }, methods: ['DELETE'] };
  }
  const [, groupName, endpoint] = goFastdfsPath.exec(plain) ?? [];
  if (groupName === undefined || endpoint === undefined) return null;
  const methods = goFastdfsMethods[endpoint] ?? ['GET', 'POST'];
  return { route: { kind: 'go-fastdfs', groupName, endpoint }, methods };
}
