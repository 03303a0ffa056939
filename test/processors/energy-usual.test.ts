import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { blocksOfTrace, rulesOfTrace } from '../../processors/energy/comparison.js'
import { GOLDEN } from '../../processors/energy/golden.js'
import { keep, resume } from '../../processors/energy/kept.js'
import { toBlock } from '../../processors/energy/rows.js'
import { NO_RULES, type SeriesRules } from '../../processors/energy/rules.js'
import { type EnergyState, initialState } from '../../processors/energy/state.js'
import { step } from '../../processors/energy/step.js'
import { usual } from '../../processors/energy/usual.js'
import type { Device, Readings } from '../../schemas/generated.js'
import { memorySchemaIds, Wire } from '../../schemas/wire.js'
import { block, scatter, scenario } from './scenario.js'
import { counterBlock, MINUTE } from './series.js'

const RUNS = process.env.WATTLEDGER_LONG ? 20_000 : 1000

let wire: Wire
beforeAll(async () => {
  wire = await Wire.open(memorySchemaIds())
})

interface Folding {
  state: EnergyState
  /** Blocks that needed no rules. */
  usual: number
}

/** Folds by the rules; wherever a block is usual, the short way has to come to the same state and bytes. */
const foldBoth = (blocks: readonly Readings[], rules: SeriesRules, topics = ['readings.test']): Folding => {
  const folding: Folding = { state: initialState('test/p', '1.8.0'), usual: 0 }
  for (const [offset, each] of blocks.entries()) {
    const before = structuredClone(folding.state)
    const where = { topic: topics[offset % topics.length], partition: 3, offset }
    const short = usual(before, each, where, rules)
    expect(before).toEqual(folding.state)
    const { state, rows, suspects } = step(folding.state, each, where, rules)
    const rev = state.rev + (rows.length + suspects.length > 0 ? 1 : 0)
    folding.state = { ...state, rev }
    if (short === null) continue
    folding.usual++
    expect(suspects).toEqual([])
    expect(JSON.stringify(short.state)).toBe(JSON.stringify(folding.state))
    const { point, register, unit, source, native, knownAt } = state
    const long = toBlock({ point, register, unit, source, native, partition: where.partition, rev, knownAt }, rows)
    expect(wire.encodeFolded('Intervals', short.block)).toEqual(wire.encode('Intervals', long))
  }
  return folding
}

const TOPICS = ['readings.test', 'backfill.test']

test('any series, cut anyhow: usual blocks come to what the rules make of them', () => {
  let found = 0
  fc.assert(
    fc.property(scenario, fc.infiniteStream(fc.nat()), ({ shown, rules }, dice) => {
      const blocks = scatter(shown, (n) => dice.next().value % n).map(block)
      found += foldBoth(blocks, rules, TOPICS).usual
    }),
    { numRuns: RUNS }
  )
  expect(found).toBeGreaterThan(RUNS / 20)
})

/** Counting only, with flat stretches, other units, qualities and meters between blocks. */
const counting = fc.record({
  rises: fc.array(fc.oneof(fc.constant(0), fc.nat(5), fc.nat(1500)), { minLength: 2, maxLength: 60 }),
  cuts: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 }),
  heads: fc.array(
    fc.record({
      unit: fc.constantFrom('kWh', 'kWh', 'kWh', 'Wh'),
      device: fc.constantFrom('a', 'a', 'a', 'b'),
      quality: fc.constantFrom(4, 4, 4, 5),
      ingestedAt: fc.nat(5)
    }),
    { minLength: 1, maxLength: 8 }
  ),
  rules: fc
    .record({
      capPerHour: fc.constantFrom(null, 60_000_000_000),
      dial: fc.constantFrom(null, 40_000_000_000),
      expectedMs: fc.constantFrom(null, MINUTE),
      devices: fc.constantFrom<Device[]>([], [{ id: 'a', register: '', from: -1, to: null, opening: null, closing: null }])
    })
    .map(({ devices, ...settings }): SeriesRules => ({ versions: [{ ...NO_RULES.versions[0], ...settings }], devices }))
})

const blocksOf = ({ rises, cuts, heads }: { rises: number[]; cuts: number[]; heads: (Partial<Readings> & { quality: number })[] }) => {
  const blocks: Readings[] = []
  let shown = 0
  const rows = rises.map((rise, minute) => {
    shown += rise
    return [minute, shown] as const
  })
  for (let from = 0, n = 0; from < rows.length; n++) {
    const { quality, ...head } = heads[n % heads.length] as { quality: number } & Partial<Omit<Readings, 'quality'>>
    const ratio = head.unit === 'Wh' ? 1000 : 1
    const part = rows.slice(from, from + cuts[n % cuts.length]).map(([minute, kwh]) => [minute, kwh * ratio] as const)
    blocks.push(counterBlock(part, 0, { ...head, quality: part.map(() => quality) }))
    from += part.length
  }
  return blocks
}

test('registers that count, stand still and are read otherwise for a while', () => {
  let found = 0
  fc.assert(
    fc.property(counting, ({ rules, ...series }) => {
      found += foldBoth(blocksOf(series as Parameters<typeof blocksOf>[0]), rules, TOPICS).usual
    }),
    { numRuns: RUNS }
  )
  expect(found).toBeGreaterThan(RUNS / 10)
})

for (const trace of GOLDEN) test(`golden trace ${trace.name}`, () => void foldBoth(blocksOfTrace(trace), rulesOfTrace(trace)))

test('a block of counting readings is usual, and one in which it falls is not', () => {
  const rising = (from: number) => Array.from({ length: 50 }, (_, i) => [from + i, 2 * (from + i)] as const)
  expect(foldBoth([counterBlock(rising(0), 0), counterBlock(rising(50), 0)], NO_RULES).usual).toBe(1)
  const fallen = rising(100).map(([minute, kwh], i) => [minute, i === 20 ? 3 : kwh] as const)
  expect(foldBoth([counterBlock(rising(0), 0), counterBlock(fallen, 0)], NO_RULES).usual).toBe(0)
})

test('a state is read back as it was kept', () => {
  fc.assert(
    fc.property(scenario, fc.infiniteStream(fc.nat()), ({ shown, rules }, dice) => {
      const blocks = scatter(shown, (n) => dice.next().value % n).map(block)
      const { state } = foldBoth(blocks, rules, TOPICS)
      expect(keep(state)[0]).toBe(1)
      expect(resume(keep(state))).toEqual(state)
    }),
    { numRuns: RUNS }
  )
})

test('states that earlier versions kept as JSON are read, and figures that are no long are kept so', () => {
  const { state } = foldBoth([counterBlock([[0, 1]], 0)], NO_RULES)
  expect(resume(Buffer.from(JSON.stringify(state)))).toEqual(state)
  const always = { ...state, asks: [{ from: Number.MIN_SAFE_INTEGER, to: 5 }] }
  expect(resume(keep(always))).toEqual(always)
})

test('a state of a later version is not misread', () => {
  const later = keep(initialState('test/p', '1.8.0'))
  later[0] = 2
  expect(() => resume(later)).toThrow(/newer version/)
})
