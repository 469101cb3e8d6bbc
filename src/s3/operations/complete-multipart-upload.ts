import { GatewayError } from '../../core/errors.ts';
import { type CompletedPart, completeUpload } from '../../core/multipart/complete-upload.ts';
import { partNumberMax } from '../../core/multipart/upload-part.ts';
import { quoteEtag } from '../../http/header-values.ts';
import type { RequestHeaders } from '../../http/request-headers.ts';
import { inSlices } from '../../support/slices.ts';
import {
  checksumAlgorithms,
  checksumElement,
  checksumElements,
  declaredChecksum,
  parseChecksumType,
} from '../checksum-headers.ts';
import type { Operation } from '../operation.ts';
import { keyOf } from '../parameters.ts';
import { writtenVersionHeaders } from '../version-headers.ts';
import { authorizedCondition } from '../written-condition.ts';
import { parseLongXml, renderXml, type XmlElement } from '../xml.ts';
import { uploadIdOf } from './create-multipart-upload.ts';

/** 10,000 parts with ETag and SHA-256, written with indentation. */
const documentSizeBytesMax = 4 * 1024 * 1024;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
export const completeMultipartUpload: Operation = {
  name: 'CompleteMultipartUpload',
  permission: 's3:PutObject',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const { headers } = request;
    const key = keyOf(request);
    const document = await request.text(documentSizeBytesMax);
    const object = await completeUpload(core, {
      bucket,
      key,
      uploadId: uploadIdOf(request),
      parts: await readParts(await parseLongXml(document, 'CompleteMultipartUpload')),
      checksumType: parseChecksumType(headers),
      checksum: declaredChecksum(headers),
      size: objectSize(headers),
      condition: await authorizedCondition(request, { core, bucket }),
    });
    const body = renderXml('CompleteMultipartUploadResult', {
      Location: `http://${headers.get('host') ?? ''}${request.path}`,
      Bucket: bucket.name,
      Key: key,
      ETag: quoteEtag(object.etag),
      ...checksumElements(object.checksum),
    });
    return { status: 200, headers: writtenVersionHeaders(object), body };
  },
};

/** Parts read in one turn of the event loop: some milliseconds. */
const partsPerSlice = 1000;

/** Throws `MalformedXML` for a list without parts, or with too many. */
async function readParts(document: XmlElement): Promise<readonly CompletedPart[]> {
  const elements = document.list('Part');
  if (elements.length === 0 || elements.length > partNumberMax) {
    throw new GatewayError('MalformedXML');
  }
  const parts: CompletedPart[] = [];
  for await (const slice of inSlices(elements, partsPerSlice)) {
    for (const element of slice) parts.push(readPart(element));
  }
  return parts;
}

const checksumElementNames: ReadonlySet<string> = new Set(checksumAlgorithms.map(checksumElement));

function readPart(element: XmlElement): CompletedPart {
  const number = element.textOf('PartNumber')?.trim() ?? '';
  const etag = element.textOf('ETag')?.trim();
  if (!etag || !/^\d{1,9}$/.test(number)) throw new GatewayError('MalformedXML');
  const checksum = element.children.find(
    ({ name, text }) => checksumElementNames.has(name) && text.trim() !== '',
  );
  return {
    partNumber: Number(number),
    etag: etag.replace(/^"(.*)"$/, '$1'),
    checksumValue: checksum?.text.trim() ?? null,
  };
}

/** `x-amz-mp-object-size`, null without the header. Throws `InvalidRequest`. */
function objectSize(headers: RequestHeaders): number | null {
  const value = headers.get('x-amz-mp-object-size');
  if (value === null) return null;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new GatewayError('InvalidRequest', {
    message: 'Value for x-amz-mp-object-size header is invalid.',
  });
}
