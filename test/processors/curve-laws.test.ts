import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Readings } from '../../schemas/generated.js'
import { Quality } from '../../schemas/quality.js'
import { counterBlock, HOUR, Series } from './series.js'

const RUNS = process.env.WATTLEDGER_LONG ? 5000 : 300

/** A curve file: some hours of one curve in one version; sometimes an hour twice, a mark for a missing hour, or a quarter among hours. */
interface File {
  curve: string
  version: number
  rows: { hour: number; value: number; kind: 'value' | 'missing' | 'negative' | 'quarter' }[]
}

const file: fc.Arbitrary<File> = fc.record({
  curve: fc.constantFrom('RF5D', 'F5D', 'F5D', 'P5D', 'P5D'),
  version: fc.integer({ min: 0, max: 3 }),
  rows: fc.array(
    fc.record({
      hour: fc.integer({ min: 0, max: 30 }),
      value: fc.integer({ min: 0, max: 500 }),
      kind: fc.oneof(
        { weight: 20, arbitrary: fc.constant('value' as const) },
        { weight: 1, arbitrary: fc.constantFrom('missing' as const, 'negative' as const, 'quarter' as const) }
      )
    }),
    { minLength: 1, maxLength: 12 }
  )
})

const blockOf = ({ curve, version, rows }: File, name: number): Readings => {
  const lines = rows.map((row, line) => ({ ...row, line: line + 1 })).sort((a, b) => a.hour - b.hour || a.line - b.line)
  return {
    ...counterBlock([], 0),
    kind: 'INTERVAL',
    curve,
    unit: 'Wh',
    source: 'infoenergia',
    origin: `file ${name}`,
    revision: version,
    rows: lines.length,
    at: lines.map(({ hour }) => (hour + 1) * HOUR),
    span: lines.map(({ kind }) => (kind === 'quarter' ? HOUR / 4 : HOUR)),
    value: lines.map(({ value, kind }) => (kind === 'negative' ? -1 - value : kind === 'missing' ? 0 : value)),
    quality: lines.map(({ kind }) => (kind === 'missing' ? Quality.NO_DATA : curve === 'P5D' ? Quality.VALID : Quality.RAW)),
    code: lines.map(() => 1),
    flags: lines.map(() => 0),
    line: lines.map(({ line }) => line)
  }
}

/** What the rules say of one hour, written down directly: best curve, then version, then the last line of the file with the highest name. */
const expected = (files: readonly File[]): Map<number, number> => {
  const ranks = ['RF5D', 'F5D', 'P5D']
  const best = new Map<number, { key: number[]; value: number }>()
  for (const [name, { curve, version, rows }] of files.entries()) {
    for (const [line, { hour, value, kind }] of rows.entries()) {
      if (kind !== 'value') continue
      const key = [-ranks.indexOf(curve), version, -name, line]
      const other = best.get(hour)
      const i = other ? key.findIndex((part, k) => part !== other.key[k]) : 0
      if (!other || (i >= 0 && key[i] > other.key[i])) best.set(hour, { key, value })
    }
  }
  return new Map([...best].map(([hour, { value }]) => [hour, value]))
}

const END = 1e10

const ledgerOf = async (blocks: readonly Readings[], die?: (n: number) => number): Promise<Series> => {
  const series = new Series()
  for (const block of blocks) {
    series.feed(block)
    if (!die || die(2) === 0) await series.answer()
  }
  await series.answer()
  return series.beat(END).answer()
}

test('files of any curve and version, in any order, twice or once: the same rows and suspects', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 6 }), fc.infiniteStream(fc.nat()), async (files, dice) => {
      const die = (n: number): number => dice.next().value % n
      const blocks = files.map(blockOf)
      const shuffled = [...blocks]
      for (let n = die(3); n > 0; n--) shuffled.push(blocks[die(blocks.length)])
      for (let i = shuffled.length - 1; i > 0; i--) {
        const j = die(i + 1)
        const block = shuffled[i]
        shuffled[i] = shuffled[j]
        shuffled[j] = block
      }
      expect((await ledgerOf(shuffled, die)).ledger()).toEqual((await ledgerOf(blocks)).ledger())
    }),
    { numRuns: RUNS }
  )
}, 600_000)

test('an hour is what the best curve, and of that the newest version, says', async () => {
  const plain = fc.array(
    file.map((each) => ({ ...each, rows: each.rows.filter(({ kind }) => kind === 'value') })).filter(({ rows }) => rows.length > 0),
    { minLength: 1, maxLength: 6 }
  )
  await fc.assert(
    fc.asyncProperty(plain, async (files) => {
      const series = await ledgerOf(files.map(blockOf))
      const rows = new Map(series.rows().map(({ start, milli }) => [start / HOUR, milli / 1000]))
      expect(new Map([...rows].sort(([a], [b]) => a - b))).toEqual(new Map([...expected(files)].sort(([a], [b]) => a - b)))
    }),
    { numRuns: RUNS }
  )
}, 600_000)
