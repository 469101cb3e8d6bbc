import type { ObjectIndex } from '../../object-index/object-index.ts';
import type { User, UserPolicy } from '../../object-index/user-records.ts';
import { GatewayError } from '../errors.ts';
import { cannedPolicies } from './canned-policies.ts';
import { parsePolicy } from './policy/parse-policy.ts';

/** IAM's rule for names of policies. */
const namePattern = /^[A-Za-z0-9_+=,.@-]{1,128}$/;

/**
 * Attaches a policy to a user, in the place of one of the same name. A null document is the canned
 * policy of that name. Throws `NoSuchEntity`, `MalformedPolicy`, and `InvalidArgument`: for root,
 * too.
 */
export async function attachPolicy(
  index: ObjectIndex,
  userName: string,
  name: string,
  document: string | null,
): Promise<void> {
  const user = await getUser(index, userName);
  if (!namePattern.test(name)) {
    throw new GatewayError('InvalidArgument', {
      message: 'A policy name has 1 to 128 letters, digits and characters of _+=,.@- only.',
    });
  }
  const text = document ?? cannedPolicies.get(name);
  if (text === undefined) {
    const known = [...cannedPolicies.keys()].join(', ');
    throw new GatewayError('NoSuchEntity', {
      message: `There is no canned policy ${name}, only ${known}; give another one as a file.`,
    });
  }
  parsePolicy(text, 'identity');
  const outcome = await index.putUserPolicy(user.id, { name, document: text });
  if (outcome === 'no-such-user') throw noSuchUser(userName);
  if (outcome === 'is-root') {
    throw new GatewayError('InvalidArgument', { message: 'No policy binds the root user.' });
  }
  if (outcome === 'too-many') {
    throw new GatewayError('InvalidArgument', {
      message: `User ${userName} has as many policies as one may have; detach one first.`,
    });
  }
}

/** Throws `NoSuchEntity`. */
export async function detachPolicy(
  index: ObjectIndex,
  userName: string,
  name: string,
): Promise<void> {
  const user = await getUser(index, userName);
  if (await index.removeUserPolicy(user.id, name)) return;
  throw new GatewayError('NoSuchEntity', { message: `User ${userName} has no policy ${name}.` });
}

/** Throws `NoSuchEntity`. */
export async function listPolicies(
  index: ObjectIndex,
  userName: string,
): Promise<readonly UserPolicy[]> {
  return await index.listUserPolicies((await getUser(index, userName)).id);
}

/** Throws `NoSuchEntity`. */
export async function getUser(
  index: Pick<ObjectIndex, 'findUserByName'>,
  userName: string,
): Promise<User> {
  const user = await index.findUserByName(userName);
  if (!user) throw noSuchUser(userName);
  return user;
}

function noSuchUser(name: string): GatewayError {
  return new GatewayError('NoSuchEntity', { message: `There is no user ${name}.` });
}
