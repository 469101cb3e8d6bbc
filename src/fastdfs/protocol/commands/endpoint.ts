import type { AddressSize } from '../constants.ts';
import { ProtocolError } from '../errors.ts';
import type { FieldReader, FieldWriter } from '../fields.ts';
import { isIpAddress } from '../ip-address.ts';

/** Where a storage server listens, as the tracker's QUERY answers tell it. */
export interface Endpoint {
  /** IPv4 or IPv6 address, without brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** endpoint  address[addressSize - 1] port:int64 */
export function readEndpoint(fields: FieldReader, addressSize: AddressSize): Endpoint {
  return { host: readHost(fields, addressSize), port: fields.port() };
}

/** An address must be one: this is what tells a layout tried on the wrong bytes. */
export function readHost(fields: FieldReader, addressSize: AddressSize): string {
  const host = fields.text(addressSize - 1);
  if (!isIpAddress(host)) throw new ProtocolError(`not an address: ${JSON.stringify(host)}`);
  return host;
}

export function writeEndpoint(
  fields: FieldWriter,
  { host, port }: Endpoint,
  addressSize: AddressSize,
): void {
  fields.text(host, addressSize - 1).port(port);
}
