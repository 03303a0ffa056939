import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CurveHistory, refoldCurve } from '../../processors/loadcurve/history.js'
import { initialCurve } from '../../processors/loadcurve/state.js'
import { beatCurve, type CurveRules, type CurveStepped, stepCurve, toSlots } from '../../processors/loadcurve/step.js'
import type { Intervals, Slots } from '../../schemas/generated.js'
import { STORED_GRIDS, type StoredGrid, storedGrid } from '../../schemas/grid.js'
import { gridIntervals } from '../../schemas/gridding.js'
import { mergeIntervals, mergeSlots } from '../../schemas/merge.js'
import { block, END, scatter, scenario } from './scenario.js'
import { HOUR, MINUTE, overlapping, Series } from './series.js'

const RUNS = process.env.WATTLEDGER_LONG ? 3000 : 150
const ZONE = 'Europe/Madrid'

class Curve {
  state = initialCurve('test/p', '1.8.0')
  intervals: Intervals[] = []
  slots: Slots[] = []

  constructor(public rules: CurveRules) {}

  private take({ state, rows }: CurveStepped): void {
    const rev = this.state.rev + (rows.size > 0 ? 1 : 0)
    // Half of the time as a process would hold it, half as one that restarted would.
    this.state = rev % 2 === 0 ? { ...state, rev } : JSON.parse(JSON.stringify({ ...state, rev }))
    const { point, register, unit, source, knownAt } = this.state
    for (const [grid, list] of rows) this.slots.push(toSlots({ point, register, unit, source, grid, rev, knownAt }, list))
  }

  feed(interval: Intervals): void {
    this.intervals.push(interval)
    this.take(stepCurve(this.state, interval, this.rules))
  }

  beat(at: number): void {
    this.take(beatCurve(this.state, at, this.rules))
  }

  async answer(): Promise<void> {
    const history: CurveHistory = {
      first: Number.MIN_SAFE_INTEGER,
      intervals: async (from, to) => overlapping(this.intervals, from, to),
      slots: async (grid, from, to) =>
        overlapping(
          this.slots.filter((b) => b.grid === grid),
          from,
          to
        )
    }
    for (let rounds = 0; this.state.asks.length > 0; rounds++) {
      if (rounds > 500) throw new Error('asks do not end')
      this.take(await refoldCurve(this.state, this.state.asks[0], this.rules, history))
    }
  }

  current(grid: StoredGrid): unknown[] {
    return mergeSlots(this.slots.filter((b) => b.grid === grid)).flatMap((b) =>
      b.start.map((start, i) => ({
        start,
        end: b.end[i],
        amount: b.amount[i],
        quality: b.quality[i],
        coveredMs: b.coveredMs[i],
        estimatedMs: b.estimatedMs[i],
        received: b.received[i],
        expected: b.expected[i]
      }))
    )
  }
}

describe('stored grids are what reading the intervals gives, whatever the order', () => {
  test('property', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, fc.infiniteStream(fc.nat()), fc.constantFrom(0, 5 * MINUTE), async ({ shown, rules }, dice, holdMs) => {
        const die = (n: number): number => dice.next().value % n
        const expectedMs = rules.versions[0].expectedMs
        const series = new Series(rules)
        const curve = new Curve({ zone: ZONE, versions: [{ validFrom: Number.NEGATIVE_INFINITY, expectedMs, holdMs }], installations: [] })
        let sent = 0
        const forward = async () => {
          for (; sent < series.blocks.length; sent++) {
            curve.feed(series.blocks[sent])
            if (die(3) === 0) await curve.answer()
            if (die(5) === 0) curve.beat((curve.state.end ?? 0) + HOUR)
          }
        }
        for (const rows of scatter(shown, die)) {
          series.feed(block(rows))
          if (die(2) === 0) await series.answer()
          await forward()
        }
        await series.answer()
        await series.beat(END).answer()
        await forward()
        await curve.answer()
        curve.beat(END)
        const merged = mergeIntervals(series.blocks)
        for (const grid of STORED_GRIDS) {
          const wanted = gridIntervals(merged, storedGrid(grid), ZONE, -1e13, 1e13, { holdMs, expectedMs })
          expect(curve.current(grid), grid).toEqual(wanted)
          expect(wanted.reduce((sum, slot) => sum + slot.amount, 0)).toBe(series.milli())
        }
      }),
      { numRuns: RUNS }
    )
  }, 600_000)
})
