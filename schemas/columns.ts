/**
 * Columns: how the rows of a block are written (docs/columns.md is the same in words, for readers in other languages).
 *
 * A column is an array of integers, one *entry* per row: the row's figure minus what its neighbours let one expect.
 * Two economies make the usual case free: a column whose entries are all its default is left empty, and a column whose
 * remaining entries repeat the last one kept ends there. So a regular hour of a load curve costs only its energy.
 */

/** Cuts the repeats at the end; all entries equal to `absent` become an empty column. */
const cut = (entries: number[], absent: number): number[] => {
  let keep = entries.length
  const last = entries[keep - 1]
  while (keep > 1 && entries[keep - 2] === last) keep--
  if (keep === 1 && last === absent) return []
  entries.length = keep
  return entries
}

/** Entries are the figures themselves; a block whose rows all equal `absent` has an empty column. */
export const foldPlain = (figures: readonly number[], absent = 0): number[] => (figures.length === 0 ? [] : cut(figures.slice(), absent))

export const unfoldPlain = (column: readonly number[], rows: number, absent = 0): number[] => {
  const figures = new Array<number>(rows)
  const kept = Math.min(column.length, rows)
  for (let i = 0; i < kept; i++) figures[i] = column[i]
  const rest = column.length === 0 ? absent : column[column.length - 1]
  for (let i = kept; i < rows; i++) figures[i] = rest
  return figures
}

/** Entries are differences to the row before, the first absolute. */
export const foldDifferences = (figures: readonly number[]): number[] => {
  const entries = new Array<number>(figures.length)
  let before = 0
  for (let i = 0; i < figures.length; i++) {
    entries[i] = figures[i] - before
    before = figures[i]
  }
  return figures.length === 0 ? [] : cut(entries, 0)
}

export const unfoldDifferences = (column: readonly number[], rows: number): number[] => {
  const figures = new Array<number>(rows)
  const kept = Math.min(column.length, rows)
  let figure = 0
  for (let i = 0; i < kept; i++) figures[i] = figure += column[i]
  const rest = column.length === 0 ? 0 : column[column.length - 1]
  for (let i = kept; i < rows; i++) figures[i] = figure += rest
  return figures
}

/** Entries are figure - expected, where `expected` is another column of the same rows. */
export const foldAgainst = (figures: readonly number[], expected: readonly number[]): number[] => {
  const entries = new Array<number>(figures.length)
  for (let i = 0; i < figures.length; i++) entries[i] = figures[i] - expected[i]
  return figures.length === 0 ? [] : cut(entries, 0)
}

export const unfoldAgainst = (column: readonly number[], expected: readonly number[]): number[] => {
  const rows = expected.length
  if (column.length === 0) return expected.slice()
  const figures = new Array<number>(rows)
  const last = column.length - 1
  for (let i = 0; i < rows; i++) figures[i] = expected[i] + column[i < last ? i : last]
  return figures
}

/** Entries are figure - (figure of `other` in the row before), the first absolute. */
export const foldAfter = (figures: readonly number[], other: readonly number[]): number[] => {
  const entries = new Array<number>(figures.length)
  for (let i = 0; i < figures.length; i++) entries[i] = figures[i] - (i === 0 ? 0 : other[i - 1])
  return figures.length === 0 ? [] : cut(entries, 0)
}

/** The entry of row `i` in a column that may have been cut. */
export const entry = (column: readonly number[], i: number, absent = 0): number =>
  column.length === 0 ? absent : column[i < column.length ? i : column.length - 1]
