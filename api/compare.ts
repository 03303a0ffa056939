import { setImmediate as turn } from 'node:timers/promises'
import type { SeriesKey, Store, StoredReadings } from '../infra/store.js'
import { covers, type Range } from '../schemas/access.js'
import type { Point } from '../schemas/generated.js'
import { addToSlot, gapWords, intervalRow, type Slot } from '../schemas/gridding.js'
import { mergeReadings } from '../schemas/precedence.js'
import { hasValue, Op, Quality } from '../schemas/quality.js'
import { rulesOf, versionAt } from '../schemas/registry.js'
import { milliRatio, toMilli, unitRule } from '../schemas/units.js'
import type { Compare } from './deps.js'
import { ApiError } from './errors.js'
import { decimal, iso } from './format.js'
import { chunks, currentIntervals } from './rows.js'

/** Readings looked at for one comparison: three months of one every eight seconds. */
export const MAX_COMPARED = 1_000_000
/** A live meter's readings are blocks of one row, of which a month costs seconds: pieces are as long as some thousand of them last. */
const PIECE_ROWS = 4000
const PIECE_MS = { first: 86_400_000 / 4, least: 60_000, most: 31 * 86_400_000 }
/** Falls of the register that are told, the newest. */
const MAX_DIPS = 20

export interface Comparison extends SeriesKey {
  /** What is compared: [from, to), the parts of it that are open to the asker. */
  spans: readonly Range[]
  ranges: readonly Range[]
  versions: readonly Point[]
}

/** What the ledger says of [from, to): as /v1/series, rows that reach over a border count with their part inside. */
export const ours = async (store: Store, { point, register, spans, versions }: Comparison) => {
  const rules = new Set<string>()
  let milli = 0
  let tail = false
  for (const { from, to } of spans) {
    const slot: Slot = { start: from, end: to, amount: 0, quality: Quality.VALIDATED, coveredMs: 0, estimatedMs: 0, received: 0 }
    const { holdMs } = rulesOf(versionAt(versions, from), register)
    for (const chunk of chunks(from, to, (at) => at)) {
      for (const block of await currentIntervals(store, { point, register }, chunk.from, chunk.to)) {
        const gaps = gapWords(block)
        for (let i = 0; i < block.rows; i++) {
          // A row over the border of two pieces is in both.
          if (block.start[i] < chunk.from && chunk.from > from) continue
          addToSlot(slot, intervalRow(block, i, gaps), holdMs)
          tail ||= block.op[i] === Op.UNKNOWN
          for (const rule of block.words[block.rule[i]].split('+')) rules.add(rule)
        }
      }
    }
    milli += slot.amount
  }
  return { milli, tail, rules: [...rules].filter((rule) => rule !== 'counter') }
}

interface Shown {
  at: number
  /** Thousandths of the ledger's unit. */
  value: number
}

/** A reading as its source printed it. */
interface Printed extends Shown {
  printed: number
  scale: number
  unit: string
}

/** What others make of the same readings, and where the register fell. */
export const others = async (store: Store, comparison: Comparison, compare: Compare) => {
  const { point, register, spans, ranges, versions } = comparison
  const series = { point, register }
  // Also where there is nothing to read: then nobody bills anything.
  const billed = new Map(compare([], { from: 0, to: 0 }, versions, register).map(({ name }) => [name, 0]))
  const falls: Printed[] = []
  let readings = 0
  let looked = 0
  for (const span of spans) {
    let before: Shown[] = []
    for await (const { shown, fallen } of pieces(store, series, await reachOf(store, series, span))) {
      looked += shown.length
      if (looked > MAX_COMPARED)
        throw new ApiError('too_large', `More than ${MAX_COMPARED} readings are compared here: ask for a shorter range.`)
      readings += shown.filter(({ at }) => at >= span.from && at <= span.to).length
      falls.push(...fallen.filter(({ at }) => at >= span.from && at <= span.to && covers(ranges, at, at)))
      falls.splice(0, Math.max(0, falls.length - MAX_DIPS))
      for (const { name, milli } of compare([...before, ...shown], span, versions, register))
        billed.set(name, (billed.get(name) ?? 0) + milli)
      before = shown.length > 0 ? shown.slice(-1) : before
    }
  }
  return { readings, others: [...billed].map(([name, milli]) => ({ name, milli })), dips: await dipsOf(store, series, falls) }
}

/** From the reading before the span to the one after it: the intervals at its borders know them. */
const reachOf = async (store: Store, series: SeriesKey, { from, to }: Range): Promise<Range> => {
  const first = await currentIntervals(store, series, from, from + 1)
  const last = await currentIntervals(store, series, to - 1, to)
  return {
    from: Math.min(from, ...first.flatMap(({ fromAt }) => fromAt)),
    to: Math.max(to, ...last.flatMap(({ toAt }) => toAt))
  }
}

/** The standing readings of [from, to], in pieces, and those that are below the one before. */
async function* pieces(store: Store, series: SeriesKey, { from, to }: Range): AsyncGenerator<{ shown: Shown[]; fallen: Printed[] }> {
  let lengthMs = PIECE_MS.first
  let last = Number.NEGATIVE_INFINITY
  for (let at = from; at <= to; ) {
    const piece = { from: at, to: Math.min(at + lengthMs, to + 1) }
    const shown = read(await store.readings(series, piece.from, piece.to), piece)
    const fallen = shown.filter(({ value }, i) => value < (i === 0 ? last : shown[i - 1].value))
    last = shown.at(-1)?.value ?? last
    yield { shown, fallen }
    // Whoever else asks has a turn.
    await turn()
    at = piece.to
    const wanted = (lengthMs * PIECE_ROWS) / Math.max(shown.length, PIECE_ROWS / 4)
    lengthMs = Math.round(Math.min(PIECE_MS.most, Math.max(PIECE_MS.least, wanted)))
  }
}

const read = (stored: readonly StoredReadings[], piece: Range): Printed[] => {
  const shown: Printed[] = []
  for (const { block } of mergeReadings(stored).parts) {
    const unit = unitRule(block.unit)
    if (unit === null) continue
    const ratio = milliRatio(unit, block.scale)
    for (let i = 0; i < block.rows; i++) {
      const at = block.at[i]
      if (!hasValue(block.quality[i]) || at < piece.from || at >= piece.to) continue
      shown.push({ at, value: toMilli(block.value[i], ratio), printed: block.value[i], scale: block.scale, unit: block.unit })
    }
  }
  return shown
}

const dipsOf = async (store: Store, series: SeriesKey, falls: readonly Printed[]) => {
  if (falls.length === 0) return []
  const suspects = await store.suspects(series, falls[0].at, falls[falls.length - 1].at + 1)
  return falls
    .map(({ at, printed, scale, unit }) => {
      const suspect = suspects.find((each) => each.at <= at && at <= each.until)
      return { at: iso(at), value: decimal(printed, scale), unit, suspect: suspect?.reason ?? null }
    })
    .reverse()
}
