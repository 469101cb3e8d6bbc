import type { S3Client } from '@aws-sdk/client-s3';
import type { OutboundHttp } from '../outbound/outbound-http.ts';

export interface S3Endpoint {
  /** `https://s3.example:9000` */
  readonly endpoint: string;
  readonly region: string;
  readonly isVirtualHosted: boolean;
  /** Null sends requests without a signature. */
  readonly keyPair: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
}

const connectTimeoutMs = 10_000;
const answerTimeoutMs = 30_000;
const idleTimeoutMs = 30_000;

/**
 * A client of another S3 that connects only where the gateway may. It shares its connections with
 * others: it is never to be destroyed. The SDK is loaded when it is first needed.
 */
export async function createS3Client(
  outbound: OutboundHttp,
  { endpoint, region, isVirtualHosted, keyPair }: S3Endpoint,
): Promise<S3Client> {
  // The operator chose this version of Node: the SDK need not say so in the output of each command.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const { S3Client } = await import('@aws-sdk/client-s3');
  const credentials = keyPair ?? { accessKeyId: 'anonymous', secretAccessKey: 'anonymous' };
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: !isVirtualHosted,
    credentials,
    // An anonymous request is one that nobody signs.
    ...(!keyPair && { signer: { sign: async (request) => request } }),
    maxAttempts: 2,
    requestHandler: {
      httpAgent: outbound.agents.http,
      httpsAgent: outbound.agents.https,
      connectionTimeout: connectTimeoutMs,
      requestTimeout: answerTimeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: idleTimeoutMs,
    },
  });
}
