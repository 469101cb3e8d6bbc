import type { HttpResponse } from '../../http/send-response.ts';
import { FilesError, toFilesError } from '../errors.ts';

/** What went wrong with an upload, and how its client is told. */
export class UploadFailure extends FilesError {
  readonly response: HttpResponse & { readonly body: string };

  constructor(
    thrown: unknown,
    render: (failure: FilesError) => HttpResponse & { readonly body: string },
  ) {
    const failure = toFilesError(thrown);
    super(failure.status, failure.message, { headers: failure.headers, cause: thrown });
    this.name = 'UploadFailure';
    this.response = render(failure);
  }
}
