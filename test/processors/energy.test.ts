import { describe, expect, test } from 'vitest'
import { GOLDEN, type Trace } from '../../processors/energy/golden.js'
import { NO_RULES, type SeriesRules } from '../../processors/energy/rules.js'
import type { Readings } from '../../schemas/generated.js'
import { counterBlock, Series } from './series.js'

const rulesOf = ({ registered }: Trace): SeriesRules => ({
  versions: [{ ...NO_RULES.versions[0], dial: registered?.dial ?? null, expectedMs: registered?.expectedMs ?? null }],
  devices: registered?.devices ?? []
})

const blocksOf = (trace: Trace): Readings[] =>
  trace.readings.map(([minute, text, device]) => {
    const digits = text.split('.')[1]?.length ?? 0
    return counterBlock([[minute, Number(text)]], digits, { device: device ?? '' })
  })

describe('golden traces of RULES §1', () => {
  for (const trace of GOLDEN) {
    const check = (series: Series) => {
      expect(series.milli()).toBe(trace.milli)
      expect(series.tails().length > 0).toBe(trace.tail)
      expect(series.reasons()).toEqual(trace.reasons)
      if (trace.rule) expect(series.rows().flatMap((row) => row.rule.split('+'))).toContain(trace.rule)
    }
    test(`${trace.name}: reading by reading`, async () => {
      const series = new Series(rulesOf(trace))
      for (const block of blocksOf(trace)) await series.feed(block).answer()
      check(series)
    })
    test(`${trace.name}: backwards in time`, async () => {
      const series = new Series(rulesOf(trace))
      for (const block of blocksOf(trace).reverse()) await series.feed(block).answer()
      check(series)
    })
    test(`${trace.name}: asks answered at the end, and everything folded again`, async () => {
      const series = new Series(rulesOf(trace))
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
