import { READING_COLUMNS, slice } from './blocks.js'
import type { Readings } from './generated.js'
import { hasValue } from './quality.js'

/**
 * Which of several readings of one identity (point, register, device, span, at) stands (RULES §1.2): never the one that came last.
 */
const CURVES = ['RF5D', 'F5D', 'F1', 'P1', 'P5D']
const curveRank = (curve: string): number => {
  const rank = CURVES.indexOf(curve)
  return rank < 0 ? CURVES.length : rank
}

/** Sources whose later line of a file replaces an earlier one without being a contradiction. */
const LAST_LINE_REPLACES = new Set(['infoenergia'])

export interface Contender<Position> {
  block: Readings
  row: number
  position: Position
}

export interface Conflict<Position> {
  winner: Contender<Position>
  loser: Contender<Position>
}

/** Negative when `a` stands, positive when `b` does, 0 when they are the same in every respect that decides. */
export const compareStanding = (a: Contender<unknown>, b: Contender<unknown>): number => {
  const [x, y] = [a.block, b.block]
  const reparsed = x.origin === y.origin && x.origin !== '' && x.parserVersion !== y.parserVersion
  if (!reparsed) {
    const missing = Number(!hasValue(x.quality[a.row])) - Number(!hasValue(y.quality[b.row]))
    if (missing !== 0) return missing
  }
  return (
    curveRank(x.curve) - curveRank(y.curve) ||
    compareText(x.curve, y.curve) ||
    y.revision - x.revision ||
    y.parserVersion - x.parserVersion ||
    tie(a, b) ||
    compareText(x.origin, y.origin)
  )
}

/** The source's own rule for what it says twice: F5D the last line, Flukso the lower level, then the lower block. */
const tie = (a: Contender<unknown>, b: Contender<unknown>): number => {
  const [x, y] = [a.block, b.block]
  if (LAST_LINE_REPLACES.has(x.source)) return x.origin === y.origin ? y.line[b.row] - x.line[a.row] : 0
  return Number(x.attrs.level ?? 0) - Number(y.attrs.level ?? 0) || Number(x.attrs.block ?? 0) - Number(y.attrs.block ?? 0)
}

/** The same figure under another curve or revision is no contradiction, nor is what the source says it replaces. */
const isConflict = (winner: Contender<unknown>, loser: Contender<unknown>): boolean => {
  const [x, y] = [winner.block, loser.block]
  if (!hasValue(x.quality[winner.row]) || !hasValue(y.quality[loser.row]) || sameFigure(winner, loser)) return false
  return x.curve === y.curve && x.revision === y.revision && x.parserVersion === y.parserVersion && !LAST_LINE_REPLACES.has(x.source)
}

const sameFigure = (a: Contender<unknown>, b: Contender<unknown>): boolean =>
  a.block.value[a.row] === b.block.value[b.row] && a.block.scale === b.block.scale && a.block.unit === b.block.unit

export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export interface Merged<Position> {
  /** Standing rows in time order, as slices of the given blocks. */
  parts: { block: Readings; position: Position }[]
  /** Contradictions the source's own rules do not explain. */
  conflicts: Conflict<Position>[]
  /** Rows that gave way, conflicts included. */
  superseded: number
}

/** Merges blocks of one series. Blocks that neither overlap nor repeat an instant come back as they are. */
export const mergeReadings = <Position>(blocks: readonly { block: Readings; position: Position }[]): Merged<Position> => {
  const ordered = [...blocks].sort((a, b) => a.block.at[0] - b.block.at[0])
  if (isPlain(ordered)) return { parts: ordered, conflicts: [], superseded: 0 }
  const standing = new Map<string, Contender<Position>>()
  const conflicts: Conflict<Position>[] = []
  let superseded = 0
  for (const { block, position } of ordered) {
    for (let row = 0; row < block.rows; row++) {
      const challenger = { block, row, position }
      const identity = `${block.at[row]} ${block.span[row]} ${block.device}`
      const holder = standing.get(identity)
      if (!holder) {
        standing.set(identity, challenger)
        continue
      }
      superseded++
      const [winner, loser] = compareStanding(holder, challenger) <= 0 ? [holder, challenger] : [challenger, holder]
      standing.set(identity, winner)
      if (isConflict(winner, loser)) conflicts.push({ winner, loser })
    }
  }
  const rows = [...standing.values()].sort(inTime)
  const parts: Merged<Position>['parts'] = []
  for (let from = 0; from < rows.length; ) {
    let to = from + 1
    while (to < rows.length && rows[to].block === rows[from].block && rows[to].row === rows[to - 1].row + 1) to++
    parts.push({ block: slice(rows[from].block, READING_COLUMNS, rows[from].row, rows[to - 1].row + 1), position: rows[from].position })
    from = to
  }
  return { parts, conflicts, superseded }
}

const inTime = (a: Contender<unknown>, b: Contender<unknown>): number =>
  a.block.at[a.row] - b.block.at[b.row] || b.block.span[b.row] - a.block.span[a.row] || compareText(a.block.device, b.block.device)

const isPlain = (ordered: readonly { block: Readings }[]): boolean => {
  let before = Number.NEGATIVE_INFINITY
  for (const { block } of ordered) {
    for (let row = 0; row < block.rows; row++) {
      if (block.at[row] <= before) return false
      before = block.at[row]
    }
  }
  return true
}
