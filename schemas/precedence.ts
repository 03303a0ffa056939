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

/**
 * Negative when `a` stands, positive when `b` does, 0 when they say the same. One key after the other, so that it orders any number of
 * them alike whatever their sequence; a parse that was replaced is left out before (see `withoutReplaced`).
 */
export const compareStanding = (a: Contender<unknown>, b: Contender<unknown>): number => {
  const [x, y] = [a.block, b.block]
  return (
    Number(!hasValue(x.quality[a.row])) - Number(!hasValue(y.quality[b.row])) ||
    curveRank(x.curve) - curveRank(y.curve) ||
    compareText(x.curve, y.curve) ||
    y.revision - x.revision ||
    y.parserVersion - x.parserVersion ||
    compareText(x.source, y.source) ||
    tie(a, b) ||
    compareText(x.origin, y.origin) ||
    leftover(a, b)
  )
}

/** The source's own rule for what it says twice: F5D the last line, Flukso the lower level, then the lower block. */
const tie = (a: Contender<unknown>, b: Contender<unknown>): number => {
  const [x, y] = [a.block, b.block]
  if (LAST_LINE_REPLACES.has(x.source)) return x.origin === y.origin ? y.line[b.row] - x.line[a.row] : 0
  return Number(x.attrs.level ?? 0) - Number(y.attrs.level ?? 0) || Number(x.attrs.block ?? 0) - Number(y.attrs.block ?? 0)
}

/** Nothing in the rules decides: any fixed choice will do, as long as it is not who came first. */
const leftover = (a: Contender<unknown>, b: Contender<unknown>): number => {
  const [x, y] = [a.block, b.block]
  return (
    x.line[a.row] - y.line[b.row] ||
    x.value[a.row] - y.value[b.row] ||
    x.scale - y.scale ||
    compareText(x.unit, y.unit) ||
    x.quality[a.row] - y.quality[b.row]
  )
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
  const rivals = new Map<string, Contender<Position>[]>()
  let rowCount = 0
  for (const { block, position } of ordered) {
    for (let row = 0; row < block.rows; row++) {
      const identity = `${block.at[row]} ${block.span[row]} ${block.device}`
      const known = rivals.get(identity)
      if (known) known.push({ block, row, position })
      else rivals.set(identity, [{ block, row, position }])
      rowCount++
    }
  }
  const standing: Contender<Position>[] = []
  const conflicts: Conflict<Position>[] = []
  for (const all of rivals.values()) {
    const present = all.length === 1 ? all : withoutReplaced(all)
    const winner = present.reduce((best, other) => (compareStanding(best, other) <= 0 ? best : other))
    standing.push(winner)
    if (present.length > 1) conflicts.push(...conflictsOf(winner, present))
  }
  const rows = standing.sort(inTime)
  const parts: Merged<Position>['parts'] = []
  for (let from = 0; from < rows.length; ) {
    let to = from + 1
    while (to < rows.length && rows[to].block === rows[from].block && rows[to].row === rows[to - 1].row + 1) to++
    parts.push({ block: slice(rows[from].block, READING_COLUMNS, rows[from].row, rows[to - 1].row + 1), position: rows[from].position })
    from = to
  }
  return { parts, conflicts, superseded: rowCount - rows.length }
}

/**
 * A payload that was parsed again says only what its newest parse says, also that there is nothing. Out before anything is compared: an
 * old parse could beat another payload that its own new parse would not have beaten.
 */
const withoutReplaced = <Position>(all: readonly Contender<Position>[]): readonly Contender<Position>[] => {
  const newest = new Map<string, number>()
  for (const { block } of all) newest.set(block.origin, Math.max(block.parserVersion, newest.get(block.origin) ?? 0))
  return all.filter(({ block }) => block.origin === '' || block.parserVersion === newest.get(block.origin))
}

/** Against what stands in the end; each figure once. */
const conflictsOf = <Position>(winner: Contender<Position>, rivals: readonly Contender<Position>[]): Conflict<Position>[] => {
  const conflicts = new Map<string, Conflict<Position>>()
  for (const loser of rivals) {
    if (loser === winner || !isConflict(winner, loser)) continue
    const figure = `${loser.block.value[loser.row]} ${loser.block.scale} ${loser.block.unit}`
    const other = conflicts.get(figure)
    if (other === undefined || compareStanding(loser, other.loser) < 0) conflicts.set(figure, { winner, loser })
  }
  return [...conflicts.values()]
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
