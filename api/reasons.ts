import type { SeriesKey, Store } from '../infra/store.js'
import { covers, type Range } from '../schemas/access.js'
import type { Intervals, Point } from '../schemas/generated.js'
import { mergeIntervals } from '../schemas/merge.js'
import { ReadingLookup } from './explain.js'
import { iso } from './format.js'
import { rulesText } from './rules-text.js'
import type { IntervalAt } from './series.js'

/** Why a day's figure is not what it was: what its intervals are made of now, beside what they were made of then. */
export interface Revised extends SeriesKey {
  start: number
  end: number
  since: number
  /** Every version of the point's registry row. */
  versions: readonly Point[]
  ranges: readonly Range[]
}

const EVERYDAY_RULES = new Set(['counter', 'curve', ''])

/** Sentences, the most telling first; never empty. Only what lies in time that is open is told. */
export const reasonsOf = async (store: Store, day: Revised): Promise<string[]> => {
  const stored = await store.intervals(day, day.start, day.end)
  const before = rowsOf(stored, day, day.since)
  const now = rowsOf(stored, day)
  const made = [...now.values()].filter(({ block, i }) => block.knownAt[i] > day.since)
  const sentences = [...(await readingReasons(new ReadingLookup(store, day), before, made)), ...factorReasons(before, made)]
  if ([...before.keys()].some((start) => !now.has(start)) && now.size === 0)
    sentences.push('Taken back: the source no longer says anything of this time.')
  const entered = Math.max(...day.versions.map(({ knownAt }) => knownAt))
  if (sentences.length === 0 && entered > day.since)
    sentences.push(`The registry entry of the point (zone, meters, dial, rated power …) was changed, ${iso(entered)}.`)
  const rules = (rows: Iterable<IntervalAt>) => new Set([...rows].flatMap(({ block, i }) => (block.words[block.rule[i]] ?? '').split('+')))
  const known = rules(before.values())
  const fired = [...rules(made)].filter((rule) => !known.has(rule) && !EVERYDAY_RULES.has(rule))
  sentences.push(...fired.flatMap((rule) => rulesText(rule).map(({ sentence }) => sentence)))
  return sentences.length > 0 ? sentences : ['Folded again from the same readings, with the rules that hold now.']
}

/** Rows of the day by start, as known then or now; those that reach into time that is not open are left out. */
const rowsOf = (stored: readonly Intervals[], { start, end, ranges }: Revised, knownAt?: number): Map<number, IntervalAt> => {
  const rows = new Map<number, IntervalAt>()
  for (const block of mergeIntervals(stored, { from: start, to: end, knownAt })) {
    for (let i = 0; i < block.rows; i++) if (covers(ranges, block.start[i], block.end[i])) rows.set(block.start[i], { block, i })
  }
  return rows
}

const positionOf = ({ block, i }: IntervalAt): string => `${block.words[block.toTopic[i]]} ${block.toOffset[i]}`

/** Another record says what a curve's interval holds, or readings stand where there were none: the first of each kind speaks for all. */
const readingReasons = async (
  lookup: ReadingLookup,
  before: ReadonlyMap<number, IntervalAt>,
  made: readonly IntervalAt[]
): Promise<string[]> => {
  const records = new Set([...before.values()].map(positionOf))
  const news = made.filter((row) => !records.has(positionOf(row)))
  const replaced = news.find(({ block, i }) => block.native > 0 && before.has(block.start[i]))
  const added = news.find(({ block, i }) => block.native === 0 || !before.has(block.start[i]))
  const sentences: string[] = []
  if (replaced) {
    const other = before.get(replaced.block.start[replaced.i])!
    sentences.push(`Corrected by the source: ${await fileOf(lookup, replaced)} counts instead of ${await fileOf(lookup, other)}.`)
  }
  if (added) sentences.push(`Readings came late: ${await fileOf(lookup, added)}.`)
  return sentences
}

/** The file a row's reading stands in, or the source where there is none. */
const fileOf = async (lookup: ReadingLookup, { block, i }: IntervalAt): Promise<string> => {
  const found = await lookup.find(block.toAt[i], block.words[block.toTopic[i]] ?? '', block.partition, block.toOffset[i])
  if (!found) return `a reading of ${block.source}`
  const { attrs, source, ingestedAt } = found.readings.block
  return `${attrs.file ?? `a reading of ${source}`} (received ${iso(ingestedAt)})`
}

const factorReasons = (before: ReadonlyMap<number, IntervalAt>, made: readonly IntervalAt[]): string[] => {
  for (const row of made) {
    const other = before.get(row.block.start[row.i])
    if (!other || factorOf(other) === factorOf(row)) continue
    return [`Another factor: ${factorOf(row) || 'none'}, where it was ${factorOf(other) || 'none'}.`]
  }
  return []
}

const factorOf = ({ block, i }: IntervalAt): string => block.words[block.factor[i]] ?? ''
