import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface OriginServer {
  /** Ends in `/`. */
  readonly url: string;
  readonly port: number;
  /** All that came, in order. */
  readonly requests: readonly IncomingMessage[];
  /** `GET /cat.jpg`, in order. */
  lines(): readonly string[];
}

/** A web server on loopback that answers as the test says, and ends with it. */
export async function startOriginServer(answer: RequestListener): Promise<OriginServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    requests,
    lines: () => requests.map(({ method, url }) => `${method} ${url}`),
  };
}
