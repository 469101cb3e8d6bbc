/**
 * Lines of a table with a heading, columns two spaces apart; columns whose cells are all numbers
 * stand to the right.
 */
export function renderTable(
  headings: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const columns = headings.map((heading, column) => {
    const cells = rows.map((row) => row[column] ?? '');
    const texts = [heading, ...cells.map(String)];
    const width = Math.max(...texts.map(widthOf));
    const toTheRight = cells.length > 0 && cells.every((cell) => typeof cell === 'number');
    return texts.map((text) => {
      const space = ' '.repeat(width - widthOf(text));
      return toTheRight ? space + text : text + space;
    });
  });
  return [...Array(rows.length + 1).keys()]
    .map((line) =>
      columns
        .map((column) => column[line])
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Terminal cells: East Asian wide characters take two. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text)
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(
        character,
      )
        ? 2
        : 1;
  return width;
}
