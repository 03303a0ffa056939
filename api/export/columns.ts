import { QUALITIES } from '../../schemas/quality.js'

/** What is the same in every row of a series. */
export interface Series {
  point: string
  register: string
  /** Of the ledger's amounts: their thousandths are counted. */
  unit: string
  /** IANA zone of local times, days and months. */
  zone: string
  /** `PT1H` ..., `intervals` or `readings`. */
  grid: string
}

/**
 * text; an instant in UTC ms; a whole number; a ratio. A decimal is a text made of an integer that another column holds: where columns
 * have types, that integer is enough.
 */
export type ColumnType = 'text' | 'decimal' | 'instant' | 'integer' | 'ratio'

/** A column of an export; its name bears its unit. null: there is none. */
export interface Column<Row> {
  name: string
  type: ColumnType
  of(row: Row, series: Series): string | number | null
}

export interface Batch<Row> {
  series: Series
  rows: readonly Row[]
}

export const seriesColumns: readonly Column<unknown>[] = [
  { name: 'point', type: 'text', of: (_, { point }) => point },
  { name: 'register', type: 'text', of: (_, { register }) => register },
  { name: 'unit', type: 'text', of: (_, { unit }) => unit },
  { name: 'grid', type: 'text', of: (_, { grid }) => grid },
  { name: 'zone', type: 'text', of: (_, { zone }) => zone }
]

export const qualityName = (quality: number): string => QUALITIES[quality] ?? String(quality)
