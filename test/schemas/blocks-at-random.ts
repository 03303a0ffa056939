import fc from 'fast-check'
import { INTERVAL_COLUMNS, READING_COLUMNS, SLOT_COLUMNS } from '../../schemas/blocks.js'
import type { Intervals, Readings, Slots } from '../../schemas/generated.js'
import { Op, Quality } from '../../schemas/quality.js'

/** Blocks as the code sees them: columns unfolded. Tests override what they are about. */
export const HOUR = 3_600_000
export const MAY = Date.UTC(2024, 4, 1)

const columns = <Column extends string>(names: readonly Column[], rows: readonly Record<Column, number>[]): Record<Column, number[]> =>
  Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])] as const)) as Record<Column, number[]>

export type ReadingRow = Record<(typeof READING_COLUMNS)[number], number>
export type IntervalFigures = Record<(typeof INTERVAL_COLUMNS)[number], number>
export type SlotFigures = Record<(typeof SLOT_COLUMNS)[number], number>

export const readings = (rows: readonly Partial<ReadingRow>[], head: Partial<Readings> = {}): Readings => ({
  point: 'ES0237504543669057KF',
  register: '1.8.0',
  kind: 'INTERVAL',
  curve: 'F5D',
  unit: 'Wh',
  scale: 0,
  step: 1,
  words: [],
  device: '',
  boot: null,
  source: 'infoenergia',
  origin: 'a'.repeat(64),
  attrs: {},
  revision: 20210601_00,
  parserVersion: 1,
  ingestedAt: MAY,
  rows: rows.length,
  ...columns(
    READING_COLUMNS,
    rows.map((row) => ({ at: 0, span: 0, value: 0, quality: Quality.RAW, code: 0, flags: 0, line: 0, ...row }))
  ),
  ...head
})

export const intervals = (
  rows: readonly (Partial<IntervalFigures> & { start: number; end: number })[],
  head: Partial<Intervals> = {}
): Intervals => ({
  point: 'ES0237504543669057KF',
  register: '1.8.0',
  unit: 'Wh',
  source: 'infoenergia',
  native: HOUR,
  ruleVersion: 1,
  beat: 0,
  words: ['', 'curve', 'readings.infoenergia'],
  partition: 0,
  rows: rows.length,
  ...columns(
    INTERVAL_COLUMNS,
    rows.map((row) => {
      const { milli = 0, start, end } = row
      const usual = { op: Op.PUT, low: milli, high: milli, quality: Quality.RAW, rule: 1, rev: 1, knownAt: MAY, factor: 0, travel: 0 }
      const readings = { fromAt: start, fromValue: 0, toAt: end, toValue: milli, fromTopic: 2, fromOffset: 7, toTopic: 2, toOffset: 7 }
      return { milli, ...usual, ...readings, ...row }
    })
  ),
  ...head
})

export const slots = (rows: readonly (Partial<SlotFigures> & { start: number; end: number })[], head: Partial<Slots> = {}): Slots => ({
  point: 'ES0237504543669057KF',
  register: '1.8.0',
  unit: 'Wh',
  source: 'infoenergia',
  grid: 'PT1H',
  scale: 3,
  beat: 0,
  rows: rows.length,
  ...columns(
    SLOT_COLUMNS,
    rows.map((row) => {
      const usual = { amount: 0, op: Op.PUT, quality: Quality.RAW, estimatedMs: 0, expected: -1, received: 1, rev: 1, knownAt: MAY }
      return { ...usual, coveredMs: row.end - row.start, ...row }
    })
  ),
  ...head
})

/** Consecutive hours from MAY, as a load curve has them. */
export const hours = <Figures>(count: number, of: (i: number) => Figures) =>
  Array.from({ length: count }, (_, i) => ({ start: MAY + i * HOUR, end: MAY + (i + 1) * HOUR, ...of(i) }))

/** Sums of two stay below 2^53, which is what the ledger promises; now and then at the very edge. */
const big = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 5_000_000 }) },
  fc.maxSafeNat().map((n) => Math.floor(n / 2))
)
const small = fc.oneof(fc.constant(0), fc.nat(20))
const word = fc.nat(2)
const signed = fc.oneof(
  big,
  big.map((n) => 0 - n)
)

export const anyReadings = fc
  .array(
    fc.record({
      gap: fc.oneof(fc.constant(HOUR), fc.nat(1e9)),
      span: fc.constantFrom(0, HOUR, 900_000),
      value: signed,
      quality: fc.nat(9),
      code: small,
      flags: fc.nat(0x1fff),
      line: fc.nat(10_000)
    }),
    { maxLength: 40 }
  )
  .map((rows) => {
    let at = MAY
    return readings(
      rows.map(({ gap, ...row }) => {
        at += gap
        return { ...row, at }
      })
    )
  })

const intervalRow = fc.record({
  gap: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -1e6, max: 1e9 })),
  length: fc.oneof(fc.constant(HOUR), fc.integer({ min: 1, max: 1e9 })),
  milli: signed,
  op: fc.nat(2),
  above: fc.option(big),
  quality: fc.nat(9),
  rule: word,
  rev: big,
  later: small,
  before: small,
  after: small,
  fromValue: fc.option(big),
  lost: small,
  topics: fc.tuple(word, word),
  offsets: fc.tuple(big, big),
  factor: word,
  travel: signed
})

/** Chained registers (fromValue null: the toValue before) as between register readings, or each on its own as in a load curve. */
export const anyIntervals = fc.tuple(fc.array(intervalRow, { maxLength: 40 }), fc.constantFrom(0, HOUR)).map(([rows, native]) => {
  let [end, value, knownAt] = [MAY, 0, MAY]
  const figures = rows.map((row) => {
    const start = end + row.gap
    const { milli, op } = row
    const fromValue = native > 0 ? 0 : (row.fromValue ?? value)
    const toValue = Math.max(0, Math.min(fromValue + milli + row.lost, Number.MAX_SAFE_INTEGER - 1))
    ;[end, value] = [start + row.length, toValue]
    knownAt += row.later
    const high = op !== Op.UNKNOWN ? milli : row.above === null ? -1 : milli + Math.floor(row.above / 2)
    return {
      ...{ start, end, milli, op, low: milli, high, quality: row.quality, rule: row.rule, rev: row.rev, knownAt, fromValue, toValue },
      ...{ fromAt: start - row.before, toAt: end + row.after, fromTopic: row.topics[0], toTopic: row.topics[1] },
      ...{ fromOffset: row.offsets[0], toOffset: row.offsets[1], factor: row.factor, travel: row.travel }
    }
  })
  return intervals(figures, { native, words: ['', 'counter', 'gap+rollover'] })
})

export const anySlots = fc
  .array(
    fc.record({
      gap: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -1e6, max: 1e9 })),
      length: fc.constantFrom(900_000, HOUR, 23 * HOUR, 25 * HOUR),
      amount: signed,
      op: fc.nat(1),
      quality: fc.nat(9),
      missing: fc.oneof(fc.constant(0), fc.nat(900_000)),
      estimatedMs: fc.oneof(fc.constant(0), fc.nat(900_000)),
      expected: fc.oneof(fc.constant(-1), fc.nat(96)),
      received: small,
      rev: big,
      later: small
    }),
    { maxLength: 40 }
  )
  .map((rows) => {
    let [end, knownAt] = [MAY, MAY]
    return slots(
      rows.map(({ gap, length, missing, later, ...row }) => {
        const start = end + gap
        end = start + length
        knownAt += later
        return { ...row, start, end, knownAt, coveredMs: length - missing }
      })
    )
  })
