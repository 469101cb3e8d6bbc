/** What operators say of uploads over this door. */
export interface UploadSettings {
  /** Takes what names no bucket. */
  readonly bucketName: string;
  /** Buckets of users, by access key id. */
  readonly appBuckets: ReadonlyMap<string, string>;
  /** Bytes of one file. */
  readonly fileSizeBytesMax: number;
  /** `http://files.example.com`, without a slash at its end; null for what clients ask for. */
  readonly publicUrl: string | null;
  /** Errors are told with status 200, for clients that look into the body only. */
  readonly always200: boolean;
  /** Names of profiles by paths of the operator's own: `/ueditor/upload` … */
  readonly profilePaths: ReadonlyMap<string, string>;
  /** Whose pages may upload; `*` is every origin's, null nobody's. */
  readonly allowedOrigin: string | null;
}
