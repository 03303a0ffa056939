import { createHash } from 'node:crypto'
import type { Slots } from '../../schemas/generated.js'
import { Op } from '../../schemas/quality.js'

/** A slot as one of the three tells it. `text`: all that has to be the same. */
export interface Row {
  /** UTC ms. */
  start: number
  /** Thousandths of the unit; 0 where somebody wrote what is no number. */
  milli: number
  text: string
}

/** The slots that start on one day of a series. */
export interface Tally {
  rows: number
  milli: number
  /** SHA-256 of what they tell, its first 12 digits; empty without rows. */
  hash: string
}

/** A UTC day that is told in two ways. */
export interface DayDifference {
  /** Its midnight, UTC ms. */
  day: number
  ledger: Tally
  found: Tally
}

export const DAY_MS = 86_400_000
export const dayOf = (at: number): number => Math.floor(at / DAY_MS) * DAY_MS

/**
 * The rows that stand, by start: of each the highest rev, WITHDRAWN removes. Where the highest rev is there with two contents both
 * count: whoever merges could take either.
 */
export const currentRows = (blocks: readonly Slots[]): Row[] => {
  const newest = new Map<number, { rev: number; rows: Map<string, Row & { op: number }> }>()
  for (const block of blocks) {
    for (let i = 0; i < block.rows; i++) {
      const { start, milli, text, op, rev } = rowOf(block, i)
      const known = newest.get(start)
      if (known !== undefined && known.rev > rev) continue
      if (known?.rev === rev) known.rows.set(text, { start, milli, text, op })
      else newest.set(start, { rev, rows: new Map([[text, { start, milli, text, op }]]) })
    }
  }
  return [...newest.values()]
    .flatMap(({ rows }) => [...rows.values()].filter(({ op }) => rows.size > 1 || op !== Op.WITHDRAWN))
    .map(({ start, milli, text }) => ({ start, milli, text }))
    .sort((a, b) => a.start - b.start || (a.text < b.text ? -1 : 1))
}

const rowOf = (block: Slots, i: number) => {
  const { unit, scale, source } = block
  const [start, op, rev, milli] = [block.start[i], block.op[i], block.rev[i], Math.round(block.amount[i] * 10 ** (3 - scale))]
  const kept = [block.coveredMs[i], block.estimatedMs[i], block.expected[i], block.received[i], block.knownAt[i]]
  return { start, op, rev, milli, text: [block.end[i], block.amount[i], op, block.quality[i], rev, ...kept, scale, unit, source].join(' ') }
}

/** Compares two lists of rows, both by start, day by day: how many days have rows, and on which they are not the same. */
export const compareDays = (ledger: readonly Row[], found: readonly Row[]): { days: number; differing: DayDifference[] } => {
  const differing: DayDifference[] = []
  let days = 0
  for (let a = 0, b = 0; a < ledger.length || b < found.length; ) {
    const day = dayOf(Math.min(ledger[a]?.start ?? Number.POSITIVE_INFINITY, found[b]?.start ?? Number.POSITIVE_INFINITY))
    const [ours, theirs] = [endOf(ledger, a, day), endOf(found, b, day)]
    if (!sameRows(ledger, a, ours, found, b, theirs))
      differing.push({ day, ledger: tallyOf(ledger.slice(a, ours)), found: tallyOf(found.slice(b, theirs)) })
    ;[a, b] = [ours, theirs]
    days++
  }
  return { days, differing }
}

const endOf = (rows: readonly Row[], from: number, day: number): number => {
  let end = from
  while (end < rows.length && rows[end].start < day + DAY_MS) end++
  return end
}

const sameRows = (ledger: readonly Row[], a: number, ours: number, found: readonly Row[], b: number, theirs: number): boolean => {
  if (ours - a !== theirs - b) return false
  for (let i = 0; a + i < ours; i++)
    if (ledger[a + i].start !== found[b + i].start || ledger[a + i].text !== found[b + i].text) return false
  return true
}

export const tallyOf = (rows: readonly Row[]): Tally => {
  if (rows.length === 0) return { rows: 0, milli: 0, hash: '' }
  const hash = createHash('sha256')
  for (const { start, text } of rows) hash.update(`${start} ${text}\n`)
  return { rows: rows.length, milli: rows.reduce((sum, { milli }) => sum + milli, 0), hash: hash.digest('hex').slice(0, 12) }
}
