import type { Access } from '../core/access/access.ts';
import type { IncomingContent } from '../core/incoming-content.ts';
import type { CoreServices } from '../core/services.ts';
import type { QueryParameters } from '../http/query.ts';
import type { RequestHeaders } from '../http/request-headers.ts';
import type { HttpResponse } from '../http/send-response.ts';
import type { Bucket } from '../object-index/records.ts';

/** Fields of a form by lower-case name, `${filename}` replaced, and the bucket among them. */
export type FormFields = ReadonlyMap<string, string>;

/** A request whose signature has been verified and whose route is known. */
export interface S3Request {
  /** `x-amz-request-id` of the answer. */
  readonly id: string;
  readonly method: string;
  /** Null for ListBuckets. */
  readonly bucketName: string | null;
  /** Percent-decoded UTF-8; null for operations on buckets. */
  readonly key: string | null;
  /** Path as received, without the query: `Resource` of error documents. */
  readonly path: string;
  readonly query: QueryParameters;
  readonly headers: RequestHeaders;
  /** The form that the request came as; its key and headers are those of its fields. */
  readonly form: FormFields | null;
  /** Who asks, and what they may. */
  readonly access: Access;
  /** Aborted when the client is gone or the gateway stops waiting. */
  readonly signal: AbortSignal;
  /**
   * The body of an object or a part. Throws `MissingContentLength` when its length is not declared.
   */
  content(): IncomingContent;
  /** An XML body of at most `sizeBytesMax` bytes, verified like any content; '' when empty. */
  text(sizeBytesMax: number): Promise<string>;
}

/** Text is XML. */
export type S3Response = HttpResponse;

interface OperationContext {
  readonly core: CoreServices;
}

interface BucketContext extends OperationContext {
  /** Exists, and the caller may do to it what `permission` says. */
  readonly bucket: Bucket;
}

/**
 * One AWS operation. `bucketAccess` says what the dispatcher does before `handle` runs:
 * `required` looks the bucket up and refuses callers that may not use it; `none` is for operations
 * that work without an existing bucket (ListBuckets, CreateBucket).
 */
export type Operation =
  | {
      /** As in AWS's API reference. */
      readonly name: string;
      /**
       * IAM action that permits it, `s3:GetObject`; a function where the request decides, and null
       * where the operation asks for each thing that it touches.
       */
      readonly permission: string | ((request: S3Request) => string) | null;
      readonly bucketAccess: 'required';
      /** What callers are told that did not sign, where no policy or ACL can let them. */
      readonly refusesAnonymous?: string;
      handle(request: S3Request, context: BucketContext): Promise<S3Response>;
    }
  | {
      readonly name: string;
      readonly permission: string | ((request: S3Request) => string);
      readonly bucketAccess: 'none';
      readonly refusesAnonymous?: undefined;
      handle(request: S3Request, context: OperationContext): Promise<S3Response>;
    };

export type Resource = 'service' | 'bucket' | 'object';

/** One row of the route table. */
export interface Route {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly resource: Resource;
  /** AWS's name of the query parameter that selects the operation; null for the plain resource. */
  readonly subresource: string | null;
  /** Header that selects this row among those alike: `x-amz-copy-source` makes a PUT a copy. */
  readonly header?: string;
  readonly operation: Operation;
}
