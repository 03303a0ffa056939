import type { SeriesKey, Store, StoredReadings } from '../infra/store.js'
import { covers, type Range } from '../schemas/access.js'
import type { Intervals, Point, Suspect } from '../schemas/generated.js'
import type { Grid } from '../schemas/grid.js'
import { addToSlot, emptySlot, gapWords, intervalRow as rowOf } from '../schemas/gridding.js'
import { OPS, QUALITIES } from '../schemas/quality.js'
import { rulesOf, settingsText, versionAt, whenText } from '../schemas/registry.js'
import { decimal, iso, kwh } from './format.js'
import { rulesText } from './rules-text.js'
import type { IntervalAt } from './series.js'
import { suspectRow } from './shown.js'

/** A reading behind an interval, as its source printed it; without the stored record, as the interval remembers it. */
const readingText = (
  stored: { readings: StoredReadings; i: number } | null,
  at: number,
  milli: number,
  unit: string,
  topic: string,
  partition: number,
  offset: number
) => {
  if (!stored) return { stored: false, at: iso(at), value: decimal(milli, 3), unit, topic, partition, offset }
  const { block } = stored.readings
  return {
    stored: true,
    at: iso(at),
    value: decimal(block.value[stored.i], block.scale),
    unit: block.unit,
    quality: QUALITIES[block.quality[stored.i]],
    spanMs: block.span[stored.i],
    curve: block.curve,
    device: block.device,
    source: block.source,
    topic,
    partition,
    offset,
    file: block.attrs.file ?? null,
    line: block.line[stored.i] || null,
    origin: block.origin,
    receivedAt: iso(block.ingestedAt)
  }
}

/** Looks readings up by instant and position; neighbours share one, so the last look-ups are kept. */
export class ReadingLookup {
  readonly #asked = new Map<number, Promise<StoredReadings[]>>()

  constructor(
    private readonly store: Store,
    private readonly series: SeriesKey
  ) {}

  async find(at: number, topic: string, partition: number, offset: number): Promise<{ readings: StoredReadings; i: number } | null> {
    let asked = this.#asked.get(at)
    if (!asked) {
      asked = this.store.readings(this.series, at, at + 1)
      this.#asked.set(at, asked)
    }
    for (const readings of await asked) {
      const { position } = readings
      if (position.topic !== topic || position.partition !== partition || position.offset !== offset) continue
      const i = readings.block.at.lastIndexOf(at)
      if (i >= 0) return { readings, i }
    }
    return null
  }
}

export interface Explained {
  store: Store
  series: SeriesKey
  /** Every stored revision of the rows around. */
  stored: readonly Intervals[]
  suspects: readonly Suspect[]
  versions: readonly Point[]
  zone: string
  ranges: readonly Range[]
}

/** The part of a row that lies in a slot, as the load curve counts it. */
export const partInSlot = ({ block, i }: IntervalAt, grid: Grid, zone: string, at: number, holdMs: number) => {
  const slot = emptySlot(grid, zone, at)
  addToSlot(slot, rowOf(block, i, gapWords(block)), holdMs)
  return slot
}

/** Rows of an hour of 8-second readings share their registry version; its text is made once. */
const settingsOf = ({ versions, zone }: Explained, register: string, unit: string, at: number) => {
  const version = versionAt(versions, at)
  return {
    validFrom: version && version.validFrom !== 0 ? whenText(version.validFrom, zone) : null,
    knownAt: version ? iso(version.knownAt) : null,
    registered: version !== null,
    ...settingsText(rulesOf(version, register), unit)
  }
}

/**
 * One interval row explained. Of a row that reaches into time which is not open, only the part inside the asked slot is told:
 * its readings, and the rules that fired, would say what happened outside.
 */
export const explainRow = async (context: Explained, lookup: ReadingLookup, { block, i }: IntervalAt, inSlot: number | null) => {
  const { unit, register, words, partition } = block
  const start = block.start[i]
  const end = block.end[i]
  const share = inSlot === null ? {} : { inSlot, inSlotKwh: kwh(inSlot, unit) }
  const rule = words[block.rule[i]] ?? ''
  const head = {
    quality: QUALITIES[block.quality[i]],
    op: OPS[block.op[i]],
    ...share
  }
  if (!covers(context.ranges, start, end)) return { clipped: true, ...head }
  const from = { at: block.fromAt[i], value: block.fromValue[i], topic: words[block.fromTopic[i]] ?? '', offset: block.fromOffset[i] }
  const to = { at: block.toAt[i], value: block.toValue[i], topic: words[block.toTopic[i]] ?? '', offset: block.toOffset[i] }
  const text = async ({ at, value, topic, offset }: typeof from) => {
    if (!covers(context.ranges, at, at)) return null
    return readingText(await lookup.find(at, topic, partition, offset), at, value, unit, topic, partition, offset)
  }
  const factor = words[block.factor[i]] ?? ''
  const inside = context.suspects.filter(({ at, until }) => until >= start && at <= end && covers(context.ranges, at, until))
  return {
    clipped: false,
    start: iso(start),
    end: iso(end),
    milli: block.milli[i],
    kwh: kwh(block.milli[i], unit),
    low: block.low[i],
    high: block.high[i] < 0 ? null : block.high[i],
    ...head,
    rule,
    rules: rulesText(rule),
    ruleVersion: block.ruleVersion,
    rev: block.rev[i],
    knownAt: iso(block.knownAt[i]),
    // A load curve's interval is one reading; a counter's is two.
    from: block.native > 0 ? null : await text(from),
    to: await text(to),
    factor: factor === '' ? null : { applied: factor, travel: decimal(block.travel[i], 3) },
    suspects: inside.map(suspectRow),
    revisions: revisionsOf(context, start),
    settings: settingsOf(context, register, unit, start)
  }
}

/** All that was ever stored of the row that starts then, oldest first; what it was before a correction included. */
const revisionsOf = ({ stored, ranges }: Explained, start: number) => {
  const seen = new Set<number>()
  const revisions: { rev: number; text: object }[] = []
  for (const block of stored) {
    for (let i = 0; i < block.rows; i++) {
      if (block.start[i] !== start || seen.has(block.rev[i]) || !covers(ranges, start, block.end[i])) continue
      seen.add(block.rev[i])
      revisions.push({
        rev: block.rev[i],
        text: {
          rev: block.rev[i],
          knownAt: iso(block.knownAt[i]),
          op: OPS[block.op[i]],
          end: iso(block.end[i]),
          milli: block.milli[i],
          kwh: kwh(block.milli[i], block.unit),
          quality: QUALITIES[block.quality[i]],
          rule: block.words[block.rule[i]] ?? ''
        }
      })
    }
  }
  return revisions.sort((a, b) => a.rev - b.rev).map(({ text }) => text)
}

export const explainRows = async (context: Explained, rows: readonly { row: IntervalAt; inSlot: number | null }[]) => {
  const lookup = new ReadingLookup(context.store, context.series)
  const out: Awaited<ReturnType<typeof explainRow>>[] = []
  for (const { row, inSlot } of rows) out.push(await explainRow(context, lookup, row, inSlot))
  return out
}
