import type { Changes } from '../answers.js'

/** How far back somebody looks: days, to the midnight before. */
export const SINCE = { yesterday: 1, week: 7, month: 30 } as const
export type Since = keyof typeof SINCE
export const SINCE_WORDS: Record<Since, { choice: string; sentence: string }> = {
  yesterday: { choice: 'Yesterday', sentence: 'since yesterday' },
  week: { choice: '7 days', sentence: 'in the last 7 days' },
  month: { choice: '30 days', sentence: 'in the last 30 days' }
}

/** One of the choices, or any instant that a link names. */
export const sinceOf = (text: string | null): Since | Date => {
  const choice = (Object.keys(SINCE) as Since[]).find((each) => each === text)
  const instant = new Date(text ?? '')
  return choice ?? (Number.isNaN(instant.getTime()) ? 'yesterday' : instant)
}

/** The midnight, in the visitor's own zone, that many days before today's. */
export const instantOf = (since: Since | Date, now: number): Date => {
  if (since instanceof Date) return since
  const date = new Date(now)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() - SINCE[since])
}

export type Row = Changes['changes'][number]

/** The changed days of one register. */
export interface Changed {
  key: string
  point: string
  register: string
  unit: string
  rows: Row[]
  /** After minus before, milli-units; what was taken back counts as nothing. */
  milli: number
}

export const differenceOf = ({ before, after }: Pick<Row, 'before' | 'after'>): number => (after?.milli ?? 0) - before.milli

/** By register, in the order given; days from the newest. */
export const changedOf = (rows: readonly Row[]): Changed[] => {
  const groups = new Map<string, Changed>()
  for (const row of rows) {
    const { point, register, unit } = row
    const key = `${point}|${register}`
    const group = groups.get(key) ?? { key, point, register, unit, rows: [], milli: 0 }
    groups.set(key, group)
    group.rows.push(row)
    group.milli += differenceOf(row)
  }
  for (const group of groups.values()) group.rows.sort((a, b) => (a.day < b.day ? 1 : -1))
  return [...groups.values()]
}

/** What is the same for all rows, so that it is said once; null where they differ. */
export const shared = <Value extends string | number>(rows: readonly Row[], of: (row: Row) => Value): Value | null =>
  rows.length > 1 && rows.every((row) => of(row) === of(rows[0])) ? of(rows[0]) : null

/** Instants inside a sentence, as people read them. */
export const withMoments = (sentence: string, momentOf: (ms: number) => string): string =>
  sentence.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (instant) => momentOf(Date.parse(instant)))
