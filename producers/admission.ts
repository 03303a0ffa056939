import { READING_COLUMNS, slice } from '../schemas/blocks.js'
import type { Readings, Reject } from '../schemas/generated.js'

/** Nothing that meters energy here is older (RULES §1.1). */
export const EARLIEST = Date.UTC(2000, 0, 1)
/** Rows of one block that are refused one by one; beyond, one reject stands for the rest and says how many. */
const SINGLE_REJECTS = 50

export interface Admitted {
  blocks: Readings[]
  rejects: Reject[]
}

/** Keeps what can be true of a block: event times from 2000 on, at most `aheadMs` after receipt. The other rows become rejects. */
export const admit = (block: Readings, aheadMs: number, name: string): Admitted => {
  const latest = block.ingestedAt + aheadMs
  const refused: number[] = []
  for (let i = 0; i < block.rows; i++) if (block.at[i] > latest || block.at[i] < EARLIEST) refused.push(i)
  if (refused.length === 0) return { blocks: [block], rejects: [] }
  const blocks: Readings[] = []
  let from = 0
  for (const row of [...refused, block.rows]) {
    if (row > from) blocks.push(slice(block, READING_COLUMNS, from, row))
    from = row + 1
  }
  const rejects = refused.slice(0, SINGLE_REJECTS).map((row) => rejectOf(block, row, latest, name))
  const rest = refused.length - rejects.length
  if (rest > 0) {
    const [last] = rejects.slice(-1)
    rejects.push({ ...last, line: block.line[refused[SINGLE_REJECTS]], found: `${rest} more rows like the one before` })
  }
  return { blocks, rejects }
}

const rejectOf = (block: Readings, row: number, latest: number, name: string): Reject => {
  const ahead = block.at[row] > latest
  return {
    source: block.source,
    origin: block.origin,
    name,
    line: block.line[row],
    field: block.line[row] > 0 ? 'time' : `time of row ${row + 1}`,
    reason: ahead ? 'in-the-future' : 'before-2000',
    expected: ahead ? `no later than ${new Date(latest).toISOString()}` : 'a time from 2000 on',
    found: readable(block.at[row]),
    advice: ahead ? 'Check the clock of the device or the date of the file, mend it and send the file again.' : 'Check the clock of the device.',
    ingestedAt: block.ingestedAt,
    parserVersion: block.parserVersion
  }
}

const readable = (at: number): string => (at > -8.64e15 && at < 8.64e15 ? new Date(at).toISOString() : String(at))
