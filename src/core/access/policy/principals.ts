import type { Caller } from '../../services.ts';

/** Whom IAM's own pages would call it: each user is an account of its own. */
export function arnOfCaller({ userId, userName, isRoot, isAnonymous }: Caller): string | null {
  if (isAnonymous) return null;
  return `arn:aws:iam::${userId}:${isRoot ? 'root' : `user/${userName}`}`;
}

/** The principals of one statement, as sets of the names that a caller may have. */
export interface Principals {
  readonly isEveryone: boolean;
  /** Of users, as `userNamesOf` gives them. */
  readonly names: ReadonlySet<string>;
}

/** Every name that stands for a user in `Principal`: a user's account is the user itself. */
function isNamed({ names }: Principals, { userId, userName }: Caller): boolean {
  return (
    names.has(userId) ||
    names.has(`arn:aws:iam::${userId}:root`) ||
    names.has(`arn:aws:iam::${userId}:user/${userName}`) ||
    names.has(`arn:aws:iam:::user/${userName}`) ||
    names.has(userName)
  );
}

/** Who did not sign is only one of everyone. */
export function coversCaller(principals: Principals, caller: Caller): boolean {
  if (principals.isEveryone) return true;
  return !caller.isAnonymous && isNamed(principals, caller);
}

/** What may stand for one user or account; nobody asks whether there is such a one. */
const arnPattern = /^arn:aws[a-z-]*:(iam|sts)::[A-Za-z0-9_+=,.@-]*:[A-Za-z0-9_+=,.@/-]+$/;
/** An account id, a canonical user id, or the name of a user. */
const namePattern = /^[A-Za-z0-9_+=,.@-]{1,64}$/;

export function isPrincipalName(text: string): boolean {
  return arnPattern.test(text) || namePattern.test(text);
}
