import { QUALITIES } from '../../../schemas/quality.js'
import type { Series, SeriesColumns } from '../answers.js'
import type { Grid } from './grid.js'
import type { Range } from './range.js'

/** A slot of the curve, or a reading's interval, with its instants as UTC ms. */
export interface Bar {
  start: number
  end: number
  /** Thousandths of the unit; of unknown energy the known part. */
  milli: number
  quality: string
  coveredMs: number
  estimatedMs: number
  /** Energy whose amount nobody knows: at least `low`, at most `high` (null: without a limit), thousandths. */
  unknown: { low: number; high: number | null } | null
}

export interface Loaded {
  grid: Grid
  unit: string
  /** What was asked. */
  range: Range
  bars: Bar[]
  /** Spans without any data that have happened. */
  gaps: Range[]
}

type Head = Pick<Series, 'unit' | 'from' | 'to' | 'gaps'>

const headOf = ({ unit, from, to, gaps }: Head) => ({
  unit,
  range: { from: Date.parse(from), to: Date.parse(to) },
  gaps: gaps.map(({ start, end }) => ({ from: Date.parse(start), to: Date.parse(end) }))
})

/** The readings' own intervals. */
export const loadedIntervals = (series: Series): Loaded => ({
  ...headOf(series),
  grid: 'intervals',
  bars: series.rows.map(({ milli, quality, op, low, high, ...row }) => {
    const start = Date.parse(row.start)
    const end = Date.parse(row.end)
    const unknown = op === 'unknown' ? { low: low ?? milli, high: high ?? null } : null
    return { start, end, milli, quality, coveredMs: unknown ? 0 : end - start, estimatedMs: 0, unknown }
  })
})

export const loadedSlots = (series: SeriesColumns, grid: Grid): Loaded => {
  const { start, end, milli, quality, coveredMs, estimatedMs } = series.columns
  return {
    ...headOf(series),
    grid,
    bars: start.map((at, i) => ({
      start: at,
      end: end[i],
      milli: milli[i],
      quality: QUALITIES[quality[i]] ?? '',
      coveredMs: coveredMs[i],
      estimatedMs: estimatedMs[i],
      unknown: null
    }))
  }
}

export type State = 'measured' | 'estimated' | 'partial' | 'unknown' | 'none'

/** When readings can be expected: from the first ever until now, but for the time in which the next may still be on its way. */
export interface Expected {
  first: number
  now: number
  slackMs: number
}

/** What a bar lacks of the time in which readings can be expected, ms. */
export const lackOf = ({ start, end, coveredMs }: Bar, { first, now, slackMs }: Expected): number => {
  const lack = Math.max(0, Math.min(end, now) - Math.max(start, first) - coveredMs)
  return end > now && lack <= slackMs ? 0 : lack
}

/** What is missing of the gaps that an answer names. */
export const expectedGaps = (gaps: readonly Range[], { first, now, slackMs }: Expected): Range[] =>
  gaps
    .map(({ from, to }) => ({ from: Math.max(from, first), to }))
    .filter(({ from, to }) => from < to && !(to >= now - slackMs && to - from <= slackMs))

/** What a bar is, at a glance. */
export const stateOf = (bar: Bar, expected: Expected): State => {
  const { milli, quality, coveredMs, estimatedMs, unknown } = bar
  if (unknown) return 'unknown'
  if (coveredMs === 0) return milli === 0 ? 'none' : 'unknown'
  if (lackOf(bar, expected) > 0) return 'partial'
  return quality === 'ESTIMATED' || estimatedMs > 0 ? 'estimated' : 'measured'
}

/** Mean W, of energy; of a bar that is only partly covered, what is known of it spread over all of it: at least so much. */
export const wattsOf = ({ start, end, milli }: Bar): number => (milli * 3600) / (end - start)

/** A time in which nothing more is expected to have come: three readings, at least a minute. */
export const slackOf = (nativeMs: number): number => Math.max(3 * nativeMs, 60_000)

/** What is asked again and laid over what is there: everything from the tail's start on is the tail's. */
export const mergeTail = (loaded: Loaded, tail: Loaded): Loaded => {
  const { from } = tail.range
  const gaps = loaded.gaps.filter((gap) => gap.from < from).map((gap) => ({ from: gap.from, to: Math.min(gap.to, from) }))
  const [next, ...others] = tail.gaps
  const last = gaps.at(-1)
  if (last && next && last.to === next.from) last.to = next.to
  else if (next) gaps.push(next)
  return {
    ...loaded,
    range: { from: loaded.range.from, to: Math.max(loaded.range.to, tail.range.to) },
    bars: [...loaded.bars.filter(({ start }) => start < from), ...tail.bars],
    gaps: [...gaps, ...others]
  }
}

/** Starts of the bars that both have and that say something else now. */
export const changedStarts = (before: Loaded, after: Loaded): Set<number> => {
  const known = new Map(before.grid === after.grid ? before.bars.map((bar) => [bar.start, bar]) : [])
  const differs = (bar: Bar): boolean => {
    const old = known.get(bar.start)
    return old !== undefined && (old.milli !== bar.milli || old.quality !== bar.quality || old.end !== bar.end)
  }
  return new Set(after.bars.filter(differs).map(({ start }) => start))
}

/** Index of the bar that holds an instant, or of the last before it; -1 when all come later. */
export const indexAt = (bars: readonly Bar[], at: number): number => {
  let low = -1
  let high = bars.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (bars[middle].start <= at) low = middle
    else high = middle - 1
  }
  return low
}

/** What reaches into a range; gaps are cut to it. */
export const within = ({ bars, gaps }: Loaded, { from, to }: Range): { bars: Bar[]; gaps: Range[] } => {
  const first = Math.max(indexAt(bars, from), 0)
  const reaching = bars.slice(first, indexAt(bars, to - 1) + 1)
  return {
    bars: reaching[0] && reaching[0].end <= from ? reaching.slice(1) : reaching,
    gaps: gaps.map((gap) => ({ from: Math.max(gap.from, from), to: Math.min(gap.to, to) })).filter((gap) => gap.from < gap.to)
  }
}
