import { describe, expect, test } from 'vitest'
import { blocksOfTrace, compareGolden, rulesOfTrace } from '../../processors/energy/comparison.js'
import { GOLDEN, type Trace } from '../../processors/energy/golden.js'
import { READING_COLUMNS, slice } from '../../schemas/blocks.js'
import type { Readings } from '../../schemas/generated.js'
import { Series } from './series.js'

/** A block for each reading. */
const blocksOf = (trace: Trace): Readings[] =>
  blocksOfTrace(trace).flatMap((block) => block.at.map((_, i) => slice(block, READING_COLUMNS, i, i + 1)))

describe('golden traces of RULES §1', () => {
  for (const trace of GOLDEN) {
    const check = (series: Series) => {
      expect(series.milli()).toBe(trace.milli)
      expect(series.tails().length > 0).toBe(trace.tail)
      expect(series.reasons()).toEqual(trace.reasons)
      if (trace.rule) expect(series.rows().flatMap((row) => row.rule.split('+'))).toContain(trace.rule)
    }
    test(`${trace.name}: reading by reading`, async () => {
      const series = new Series(rulesOfTrace(trace))
      for (const block of blocksOf(trace)) await series.feed(block).answer()
      check(series)
    })
    test(`${trace.name}: backwards in time`, async () => {
      const series = new Series(rulesOfTrace(trace))
      for (const block of blocksOf(trace).reverse()) await series.feed(block).answer()
      check(series)
    })
    test(`${trace.name}: asks answered at the end, and everything folded again`, async () => {
      const series = new Series(rulesOfTrace(trace))
      for (const block of blocksOf(trace)) series.feed(block)
      await series.answer()
      check(series)
      const before = series.ledger()
      const { rev } = series.state
      await series.again()
      expect(series.ledger()).toEqual(before)
      expect(series.state.rev).toBe(rev)
    })
  }
})

describe('what others make of the golden traces', () => {
  const others = (name: string) => compareGolden().find(({ trace }) => trace.name === name)!.others
  const kwh = (name: string) => Object.values(others(name)).map((milli) => milli / 1e6)
  const table: [string, (number | null)[]][] = [
    ['zero blip', [3.756, 3.756, null, null]],
    ['last-digit dip', [null, 0.2, null, 215.7]],
    ['sag', [0.4, 0.2, null, 1000.4]],
    ['rollover at 10 000', [0.06, 0.03, -9999.92, null]],
    ['reset', [0.4, 0.2, -1009.6, null]],
    ['swap up', [8108.2, null, null, null]],
    ['swap down', [12.3, null, -8108.1, null]],
    ['garbage', [4294967.495, null, null, null]],
    ['outage', [null, null, 0.1, 0.1]],
    ['240 kW feeder', [60, 0, 60, 60]],
    ['prints 0 each night', [500.2, null, null, null]],
    ['not from 0', [103.75, null, null, null]],
    ['1-kWh steps at 22 kW', [1, 0, 1, 1]]
  ]
  for (const [name, expected] of table) {
    test(name, () => {
      for (const [i, figure] of expected.entries()) if (figure !== null) expect(kwh(name)[i]).toBe(figure)
    })
  }
})
