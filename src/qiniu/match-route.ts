import type { QiniuRoute } from './operation.ts';
import { decodeSegment } from './target.ts';

/** A row and what the path says in the places of its names. */
export interface RouteMatch {
  readonly route: QiniuRoute;
  /** Percent-decoded, by name. */
  readonly arguments: ReadonlyMap<string, string>;
  /** Percent-decoded segments in the place of `*`. */
  readonly rest: readonly string[];
}

interface Shape {
  readonly route: QiniuRoute;
  /** Texts, names with `:`; without the `*`. */
  readonly pattern: readonly string[];
  readonly hasRest: boolean;
}

/**
 * Finds rows by the shape of a path: as many segments with the same texts, except for names
 * (`:entry`), which stand for any one segment, even an empty one, and `*` at the end, which stands
 * for any number. Rows without `*` come before others.
 */
export class RouteMatcher {
  /** By their first segment, which is always a text. */
  readonly #shapes = new Map<string, Shape[]>();

  constructor(routes: readonly QiniuRoute[]) {
    for (const route of routes) {
      const segments = route.path.slice(1).split('/');
      const hasRest = segments.at(-1) === '*';
      const pattern = hasRest ? segments.slice(0, -1) : segments;
      const first = pattern[0] ?? '';
      const shapes = [...(this.#shapes.get(first) ?? []), { route, pattern, hasRest }];
      this.#shapes.set(
        first,
        shapes.sort((a, b) => Number(a.hasRest) - Number(b.hasRest)),
      );
    }
  }

  /** Every row of that shape, whatever its methods; most often one or none. */
  rowsOf(rawSegments: readonly string[]): readonly QiniuRoute[] {
    return this.#fitting(rawSegments).map(({ route }) => route);
  }

  /** Null where no row has that shape and method. Throws 400 for segments that are no UTF-8. */
  find(method: string, rawSegments: readonly string[]): RouteMatch | null {
    const found = this.#fitting(rawSegments).find(({ route }) =>
      (route.methods as readonly string[]).includes(method),
    );
    if (!found) return null;
    const { route, pattern } = found;
    const named = new Map<string, string>();
    for (const [position, text] of pattern.entries()) {
      if (text.startsWith(':')) {
        named.set(text.slice(1), decodeSegment(rawSegments[position] ?? ''));
      }
    }
    return { route, arguments: named, rest: rawSegments.slice(pattern.length).map(decodeSegment) };
  }

  #fitting(segments: readonly string[]): readonly Shape[] {
    const shapes = this.#shapes.get(segments[0] ?? '') ?? [];
    return shapes.filter(({ pattern, hasRest }) => {
      const isLong = hasRest
        ? segments.length >= pattern.length
        : segments.length === pattern.length;
      return isLong && pattern.every((text, at) => text.startsWith(':') || text === segments[at]);
    });
  }
}
