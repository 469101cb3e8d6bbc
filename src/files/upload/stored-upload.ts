/** A file that was uploaded, as answers tell of it. */
export interface StoredUpload {
  /** `group1/M00/00/00/…` */
  readonly fileId: string;
  readonly bucketName: string;
  readonly key: string;
  /** `http://files.example.com`, in front of paths. */
  readonly baseUrl: string;
  readonly size: number;
  /** Hex. */
  readonly md5: string;
  /** As the client named it, without directories; '' for none. */
  readonly name: string;
  readonly contentType: string;
  readonly lastModifiedMs: number;
}

/** The file ID in its two parts, as FastDFS's clients have it. */
export function partsOf({ fileId }: StoredUpload): {
  readonly group: string;
  readonly path: string;
} {
  const slash = fileId.indexOf('/');
  return { group: fileId.slice(0, slash), path: fileId.slice(slash + 1) };
}

export function urlOf({ baseUrl, fileId }: StoredUpload): string {
  return `${baseUrl}/${fileId}`;
}
