import { GatewayError } from '../../core/errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A member by its name; where there is none, by its name in other letters: Kodo and its SDKs are
 * of a language that matches names that way, and rely on it.
 */
export function memberOf(object: JsonObject, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const other = Object.keys(object).find((each) => each.toLowerCase() === name.toLowerCase());
  return other === undefined ? undefined : object[other];
}

/** `InvalidArgument` in words of ours: 400. */
export function invalidArgument(message: string): GatewayError {
  return new GatewayError('InvalidArgument', { message: `invalid argument: ${message}` });
}
