import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NO_RULES, type SeriesRules } from '../../processors/energy/rules.js'
import { block, END, type Shown, scatter, scenario } from './scenario.js'
import { HOUR, MINUTE, Series } from './series.js'

const RUNS = process.env.WATTLEDGER_LONG ? 5000 : 250

const ordered = async (shown: Shown[], rules: SeriesRules): Promise<Series> => {
  const series = new Series(rules)
  for (const reading of shown) await series.feed(block([reading])).answer()
  return series.beat(END).answer()
}

test('any order, batching, duplicates, heartbeats and moments of answering: same rows and suspects', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, fc.infiniteStream(fc.nat()), async ({ shown, rules }, dice) => {
      const die = (n: number): number => dice.next().value % n
      const series = new Series(rules)
      for (const rows of scatter(shown, die)) {
        series.feed(block(rows))
        if (die(4) === 0) series.beat(rows[0].minute * MINUTE + die(100) * HOUR)
        if (die(2) === 0) await series.answer()
      }
      await series.answer()
      await series.beat(END).answer()
      expect(series.ledger()).toEqual((await ordered(shown, rules)).ledger())
    }),
    { numRuns: RUNS }
  )
}, 600_000)

test('without loss: known energy plus nothing is never more than the travel between believed readings, and parts meet', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ shown, rules }) => {
      const rows = (await ordered(shown, rules)).rows()
      for (const [i, row] of rows.entries()) {
        expect(row.end).toBeGreaterThan(row.start)
        if (i > 0) expect(row.start).toBe(rows[i - 1].end)
      }
    }),
    { numRuns: RUNS }
  )
}, 600_000)

test('folding everything again changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ shown, rules }) => {
      const series = await ordered(shown, rules)
      const { rev } = series.state
      const before = series.ledger()
      await series.again()
      expect(series.ledger()).toEqual(before)
      expect(series.state.rev).toBe(rev)
    }),
    { numRuns: RUNS }
  )
}, 600_000)

test('registering the settings afterwards gives what knowing them from the start gives', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ shown, rules }) => {
      const late = await ordered(shown, NO_RULES)
      await late.again(rules)
      await late.beat(END).answer()
      expect(late.ledger()).toEqual((await ordered(shown, rules)).ledger())
    }),
    { numRuns: RUNS }
  )
}, 600_000)
