/**
 * Columns: how the rows of a block are written (docs/columns.md is the same in words, for readers in other languages).
 *
 * A column is an array of integers, one *entry* per row: the row's figure minus what its neighbours let one expect.
 * Two economies make the usual case free: a column whose entries are all its default is left empty, and a column whose
 * remaining entries repeat the last one kept ends there. So a regular hour of a load curve costs only its energy.
 */

// Most columns of most blocks are cut to nothing or to one entry, so each is first looked at from its end, and only what stays is written.

/** Entries are the figures themselves; a block whose rows all equal `absent` has an empty column. */
export const foldPlain = (figures: readonly number[], absent = 0): number[] => {
  let keep = figures.length
  const last = figures[keep - 1]
  while (keep > 1 && figures[keep - 2] === last) keep--
  return keep === 0 || (keep === 1 && last === absent) ? [] : figures.slice(0, keep)
}

export const unfoldPlain = (column: readonly number[], rows: number, absent = 0): number[] => {
  const figures = new Array<number>(rows)
  const kept = Math.min(column.length, rows)
  for (let i = 0; i < kept; i++) figures[i] = column[i]
  const rest = column.length === 0 ? absent : column[column.length - 1]
  for (let i = kept; i < rows; i++) figures[i] = rest
  return figures
}

/** Entries are differences to the row before, the first absolute. */
export const foldDifferences = (figures: readonly number[]): number[] => foldAfter(figures, figures)

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
  let keep = figures.length
  const last = figures[keep - 1] - expected[keep - 1]
  while (keep > 1 && figures[keep - 2] - expected[keep - 2] === last) keep--
  if (keep === 0 || (keep === 1 && last === 0)) return []
  const entries = new Array<number>(keep)
  for (let i = 0; i < keep; i++) entries[i] = figures[i] - expected[i]
  return entries
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
  let keep = figures.length
  const last = keep > 1 ? figures[keep - 1] - other[keep - 2] : figures[0]
  while (keep > 2 && figures[keep - 2] - other[keep - 3] === last) keep--
  if (keep === 2 && figures[0] === last) keep = 1
  if (keep === 0 || (keep === 1 && last === 0)) return []
  const entries = new Array<number>(keep)
  entries[0] = figures[0]
  for (let i = 1; i < keep; i++) entries[i] = figures[i] - other[i - 1]
  return entries
}

/** The entry of row `i` in a column that may have been cut. */
export const entry = (column: readonly number[], i: number, absent = 0): number =>
  column.length === 0 ? absent : column[i < column.length ? i : column.length - 1]
