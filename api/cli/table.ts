/** Columns for a terminal: text to the left, figures to the right. */
export const table = (head: readonly string[], rows: readonly (readonly (string | number | null | undefined)[])[]): string => {
  const cells = rows.map((row) => row.map((cell) => (cell === null || cell === undefined ? '' : String(cell))))
  const numeric = head.map((_, i) => cells.length > 0 && cells.every((row) => row[i] === '' || /^[-+]?[\d., {2}]+( ?%)?$/.test(row[i])))
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => (row[i] ?? '').length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (numeric[i] ? (cell ?? '').padStart(widths[i]) : (cell ?? '').padEnd(widths[i])))
      .join('  ')
      .trimEnd()
  return [line(head), line(widths.map((width) => '─'.repeat(width))), ...cells.map(line)].join('\n')
}

/** 1234567 → `1 234 567`. */
export const thousands = (value: number): string => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ' ')
