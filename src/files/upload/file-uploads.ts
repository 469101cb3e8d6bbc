import type { Exchange } from '../../http/exchange.ts';
import type { HttpResponse } from '../../http/send-response.ts';
import { FilesError } from '../errors.ts';
import { deleteFiles } from './delete-files.ts';
import { answerGoFastdfs, renderGoFastdfsFailure } from './go-fastdfs.ts';
import { findProfile, plainFailure } from './profiles.ts';
import { UploadFailure } from './upload-failure.ts';
import { uploadFiles } from './upload-files.ts';
import { type UploadContext, UploadRequest } from './upload-request.ts';
import { type FoundRoute, findUploadRoute, type UploadRoute } from './upload-routes.ts';

const operationNames = {
  upload: 'UploadFiles',
  delete: 'DeleteFile',
  'go-fastdfs': 'GoFastdfs',
} as const satisfies Record<UploadRoute['kind'], string>;

/** The part of the files door that writes. */
export class FileUploads {
  readonly #context: UploadContext;

  constructor(context: UploadContext) {
    this.#context = context;
  }

  /** Null for a request that is not about uploads. Rejects with `UploadFailure`. */
  answer(exchange: Exchange): Promise<HttpResponse> | null {
    const found = findUploadRoute(exchange.path, this.#context.uploads);
    return found && this.#answer(exchange, found);
  }

  async #answer(exchange: Exchange, found: FoundRoute): Promise<HttpResponse> {
    const { route, methods } = found;
    exchange.operationName = operationNames[route.kind];
    const { always200 } = this.#context.uploads;
    const method = exchange.incoming.method ?? '';
    this.#allowOrigin(exchange);
    try {
      if (method === 'OPTIONS') return this.#preflight(exchange, methods);
      if (!methods.includes(method)) {
        const headers = { allow: [...methods, 'OPTIONS'].join(', ') };
        throw new FilesError(405, `${method} is not possible here.`, { headers });
      }
      return await this.#serve(new UploadRequest(exchange, this.#context), route);
    } catch (thrown) {
      throw new UploadFailure(thrown, (failure) => {
        const response = failureRenderer(route)(failure);
        return always200 ? { ...response, status: 200 } : response;
      });
    }
  }

  async #serve(request: UploadRequest, route: UploadRoute): Promise<HttpResponse> {
    switch (route.kind) {
      case 'upload': {
        const profile = findProfile(route.profileName);
        if (!profile) throw new Error(`There is no profile ${route.profileName}.`);
        return await uploadFiles(request, profile);
      }
      case 'delete':
        return await deleteFiles(request, route.reference);
      case 'go-fastdfs':
        return await answerGoFastdfs(request, route.endpoint, route.groupName);
    }
  }

  #allowOrigin(exchange: Exchange): void {
    const { allowedOrigin } = this.#context.uploads;
    if (allowedOrigin === null || exchange.incoming.headers.origin === undefined) return;
    exchange.corsHeaders = { 'access-control-allow-origin': allowedOrigin };
  }

  #preflight({ incoming }: Exchange, methods: readonly string[]): HttpResponse {
    if (this.#context.uploads.allowedOrigin === null) {
      throw new FilesError(403, 'Pages of other origins may not upload here.');
    }
    const wanted = incoming.headers['access-control-request-headers'];
    const headers = {
      'access-control-allow-methods': methods.join(', '),
      'access-control-max-age': 3600,
      ...(wanted && { 'access-control-allow-headers': wanted }),
    };
    return { status: 204, headers };
  }
}

function failureRenderer(route: UploadRoute) {
  if (route.kind === 'go-fastdfs') return renderGoFastdfsFailure;
  const profile = route.kind === 'upload' ? findProfile(route.profileName) : null;
  return (failure: FilesError) => profile?.renderFailure(failure) ?? plainFailure(failure);
}
