import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { type AgentOptions, type ClientRequestArgs, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import { type AllowedTarget, mayConnect } from './allowed-targets.ts';
import { OutboundError } from './outbound-error.ts';

/** Resolves a host name to all of its addresses; another one in tests. */
export type Resolve = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface AddressFilter {
  readonly allowed: readonly AllowedTarget[];
  readonly resolve?: Resolve;
}

/** Options of a connection, of which Node's types name too few. */
interface ConnectOptions extends ClientRequestArgs {
  readonly lookup?: LookupFunction;
}

type Connect = (
  options: ConnectOptions,
  callback?: (error: Error | null, stream: Duplex) => void,
) => Duplex | null | undefined;

/**
 * Lets through only connections to addresses that the filter permits. The look-up whose answer is
 * judged is the one whose answer is connected to, so a name that changes its address in between
 * (DNS rebinding) gains nothing; and every new connection is judged anew.
 */
function filtered(connect: Connect, filter: AddressFilter): Connect {
  return (options, callback) => {
    const host = (options.host ?? 'localhost').replace(/^\[(.*)\]$/, '$1');
    const port = Number(options.port);
    const isAddress = isIP(host) !== 0;
    // A path to a local socket is no address at all.
    const isRefused = options.socketPath || (isAddress && !isPermitted(filter, host, port, host));
    if (isRefused) {
      // With no stream to give: the agent hands the error on to its request.
      callback?.(forbidden(host), undefined as never);
      return undefined;
    }
    return connect({ ...options, host, lookup: filteredLookup(filter, port) }, callback);
  };
}

function filteredLookup(filter: AddressFilter, port: number): LookupFunction {
  const resolve = filter.resolve ?? (systemLookup as Resolve);
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '');
      const permitted = addresses.filter(({ address }) =>
        isPermitted(filter, hostname, port, address),
      );
      const [first] = permitted;
      if (!first) return callback(forbidden(hostname), '');
      if (options.all) return callback(null, permitted);
      callback(null, first.address, first.family);
    });
  };
}

function isPermitted({ allowed }: AddressFilter, host: string, port: number, address: string) {
  return mayConnect(allowed, { host, port, address });
}

/** The address is not told: whoever asked could map a private network by it. */
function forbidden(host: string): OutboundError {
  return new OutboundError(
    'forbidden-address',
    `${host} has no public address, and GATEWAY_OUTBOUND_ALLOW does not name it.`,
  );
}

export function createHttpAgent(filter: AddressFilter, options: AgentOptions): HttpAgent {
  return withFilter(new HttpAgent(options), filter);
}

export function createHttpsAgent(filter: AddressFilter, options: AgentOptions): HttpsAgent {
  return withFilter(new HttpsAgent(options), filter);
}

function withFilter<Agent extends HttpAgent>(agent: Agent, filter: AddressFilter): Agent {
  const connect = agent.createConnection.bind(agent) as Connect;
  return Object.assign(agent, { createConnection: filtered(connect, filter) });
}
