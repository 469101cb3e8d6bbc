/**
 * How far something can be told without the object that a request names: `maybe` waits for the
 * object's tags or ACL. All of several is the least of them, any of several the greatest.
 */
export type Certainty = 0 | 1 | 2;

export const no = 0 satisfies Certainty;
export const maybe = 1 satisfies Certainty;
export const yes = 2 satisfies Certainty;

export const certainty = (fact: boolean): Certainty => (fact ? yes : no);

export function not(value: Certainty): Certainty {
  return (2 - value) as Certainty;
}

export function least(one: Certainty, other: Certainty): Certainty {
  return one < other ? one : other;
}

export function greatest(one: Certainty, other: Certainty): Certainty {
  return one > other ? one : other;
}
