import { READING_COLUMNS, slice } from '../schemas/blocks.js'
import { LARGEST } from '../schemas/exact.js'
import type { Readings, Reject } from '../schemas/generated.js'
import { milliRatio, unitRule } from '../schemas/units.js'

/** Nothing that meters energy here is older (RULES §1.1). */
export const EARLIEST = Date.UTC(2000, 0, 1)
/** Rows of one block that are refused one by one; beyond, one reject stands for the rest and says how many. */
const SINGLE_REJECTS = 50

export interface Admitted {
  blocks: Readings[]
  rejects: Reject[]
}

/** A month of quarter-hours, each of this many thousandths, still adds up exactly. */
const LARGEST_INTERVAL = Math.floor(LARGEST / 3000)

/** Largest figure of a block, as its column writes it. */
const mostOf = ({ kind, unit, scale }: Readings): number => {
  const rule = unitRule(unit)
  if (rule === null || (kind !== 'INTERVAL' && kind !== 'COUNTER')) return LARGEST
  const { num, den } = milliRatio(rule, scale)
  return Math.min(LARGEST, Math.floor(((kind === 'INTERVAL' ? LARGEST_INTERVAL : LARGEST) / num) * den))
}

interface Limits {
  latest: number
  most: number
}

const isTrue = (block: Readings, row: number, { latest, most }: Limits): boolean =>
  block.at[row] <= latest && block.at[row] >= EARLIEST && block.value[row] <= most && block.value[row] >= -most

/**
 * Keeps what can be true of a block: event times from 2000 on, at most `aheadMs` after receipt; figures that stay exact. The other
 * rows become rejects.
 */
export const admit = (block: Readings, aheadMs: number, name: string): Admitted => {
  const limits = { latest: block.ingestedAt + aheadMs, most: mostOf(block) }
  const refused: number[] = []
  for (let i = 0; i < block.rows; i++) if (!isTrue(block, i, limits)) refused.push(i)
  if (refused.length === 0) return { blocks: [block], rejects: [] }
  const blocks: Readings[] = []
  let from = 0
  for (const row of [...refused, block.rows]) {
    if (row > from) blocks.push(slice(block, READING_COLUMNS, from, row))
    from = row + 1
  }
  const rejects = refused.slice(0, SINGLE_REJECTS).map((row) => rejectOf(block, row, limits, name))
  const rest = refused.length - rejects.length
  if (rest > 0) {
    const next = rejectOf(block, refused[SINGLE_REJECTS], limits, name)
    rejects.push({ ...next, found: `${next.found}; ${rest} rows are like it from here on` })
  }
  return { blocks, rejects }
}

const rejectOf = (block: Readings, row: number, { latest, most }: Limits, name: string): Reject => {
  const [at, line] = [block.at[row], block.line[row]]
  const where = (field: string) => (line > 0 ? field : `${field} of row ${row + 1}`)
  const about = { source: block.source, origin: block.origin, name, line, ingestedAt: block.ingestedAt, parserVersion: block.parserVersion }
  if (at > latest) {
    return {
      ...about,
      field: where('time'),
      reason: 'in-the-future',
      expected: `no later than ${new Date(latest).toISOString()}`,
      found: readable(at),
      advice: 'Check the clock of the device or the date of the file, mend it and send the file again.'
    }
  }
  if (at < EARLIEST) {
    const advice = 'Check the clock of the device.'
    return { ...about, field: where('time'), reason: 'before-2000', expected: 'a time from 2000 on', found: readable(at), advice }
  }
  return {
    ...about,
    field: where(block.register),
    reason: 'too-large',
    expected: `at most ${most * 10 ** -block.scale} ${block.unit}, for sums to stay exact`,
    found: String(block.value[row] * 10 ** -block.scale),
    advice: 'No meter shows this: check the line or the device, mend it and send the file again.'
  }
}

const readable = (at: number): string => (at > -8.64e15 && at < 8.64e15 ? new Date(at).toISOString() : String(at))
