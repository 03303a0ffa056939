import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_RULES, type SeriesRules } from '../../../processors/energy/rules.js'
import { READING_COLUMNS } from '../../../schemas/blocks.js'
import type { Intervals, Readings } from '../../../schemas/generated.js'
import { counterBlock, HOUR, MINUTE, Series } from '../series.js'
import { Watching } from './watching.js'

const rules: SeriesRules = { versions: [{ ...NO_RULES.versions[0], expectedMs: 5 * MINUTE }], devices: [] }
const DAY = 24 * HOUR

/** What happens to a meter: it counts, falls, stands still, pauses; its power is told; its clock is off. */
const happening = fc.record({
  pause: fc.oneof({ weight: 6, arbitrary: fc.constant(5) }, { weight: 2, arbitrary: fc.integer({ min: 20, max: 200 }) }),
  kind: fc.constantFrom('count', 'count', 'count', 'flat', 'flat', 'fall', 'power', 'drift'),
  by: fc.integer({ min: 1, max: 300 })
})

/** Blocks in event time, and the heartbeats between them. */
const played = fc.array(happening, { minLength: 3, maxLength: 60 }).map((happenings) => {
  const story: ({ block: Readings } | { beat: number })[] = []
  let [minute, kwh] = [0, 500]
  for (const { pause, kind, by } of happenings) {
    for (let i = 0; i < pause; i += 20) if (i > 0) story.push({ beat: (minute + i) * MINUTE })
    minute += pause
    const head = { ingestedAt: minute * MINUTE }
    if (kind === 'power') story.push({ block: gauge(minute, '1.7.0', 'W', by * 20) })
    else if (kind === 'drift') story.push({ block: gauge(minute, 'clock-drift', 's', by) })
    else {
      kwh = kind === 'count' ? kwh + by : kind === 'fall' ? Math.max(0, kwh - by) : kwh
      story.push({ block: counterBlock([[minute, kwh]], 0, head) })
    }
  }
  return { story, end: minute * MINUTE }
})

const gauge = (minute: number, register: string, unit: string, value: number): Readings =>
  counterBlock([[minute, 0]], 0, { kind: 'GAUGE', register, unit, scale: 0, value: [value], ingestedAt: minute * MINUTE })

const intervalsOf = async (story: readonly object[]): Promise<Intervals[]> => {
  const series = new Series(rules)
  for (const each of story)
    if ('block' in each && (each.block as Readings).kind === 'COUNTER') await series.feed(each.block as Readings).answer()
  return series.blocks
}

/** Runs of counter readings between heartbeats, as one block each. */
const joined = (story: ({ block: Readings } | { beat: number })[]): typeof story => {
  const out: typeof story = []
  for (const each of story) {
    const last = out.at(-1)
    if (last && 'block' in last && 'block' in each && last.block.kind === 'COUNTER' && each.block.kind === 'COUNTER') {
      const rows = last.block.rows + 1
      const columns = Object.fromEntries(READING_COLUMNS.map((name) => [name, [...last.block[name], ...each.block[name]]]))
      out[out.length - 1] = { block: { ...last.block, ...columns, rows, ingestedAt: each.block.ingestedAt } as Readings }
    } else out.push(each)
  }
  return out
}

const run = (
  story: ({ block: Readings } | { beat: number })[],
  intervals: readonly Intervals[],
  where: (i: number) => boolean
): Watching => {
  const watching = new Watching(rules)
  let next = 0
  for (const [i, each] of story.entries()) {
    if ('block' in each) watching.readings(each.block)
    else watching.beat(each.beat)
    while (next < intervals.length && where(i)) watching.intervals(intervals[next++])
  }
  for (; next < intervals.length; next++) watching.intervals(intervals[next])
  return watching
}

describe('laws', () => {
  test('however it is cut into blocks, and wherever intervals fall between readings: the same alerts', async () => {
    await fc.assert(
      fc.asyncProperty(played, fc.integer({ min: 1, max: 5 }), async ({ story, end }, every) => {
        const intervals = await intervalsOf(story)
        const seen = [
          run(story, intervals, () => true),
          run(story, intervals, (i) => i % every === 0),
          run(joined(story), intervals, () => false)
        ]
        for (const watching of seen) watching.beat(end + 10 * MINUTE).beat(end + 3 * HOUR)
        for (const other of seen.slice(1)) expect(other.standing()).toEqual(seen[0].standing())
      }),
      { numRuns: 150 }
    )
  })
  test('never two active ones of a key, and in the end each is over, or its condition holds still', async () => {
    await fc.assert(
      fc.asyncProperty(played, async ({ story, end }) => {
        const watching = run(story, await intervalsOf(story), () => true)
        const active = new Map<string, number>()
        for (const { rule, register, since, state } of watching.steps) {
          const key = `${rule} ${register}`
          if (state === 'ok' || state === 'retracted') {
            if (active.get(key) === since) active.delete(key)
          } else {
            expect(active.get(key) ?? since, key).toBe(since)
            active.set(key, since)
          }
        }
        watching.beat(end + 3 * DAY)
        for (const { state, until, rule } of watching.alerts())
          if (state !== 'ok' && state !== 'retracted') {
            expect(until).toBeNull()
            expect(['silent', 'frozen', 'clock-drift']).toContain(rule)
          }
      }),
      { numRuns: 150 }
    )
  })
  test('a year that is read later is recorded, and nobody is told', async () => {
    await fc.assert(
      fc.asyncProperty(played, async ({ story, end }) => {
        const later = end + 365 * DAY
        const old = story.flatMap((each) => ('block' in each ? [{ block: { ...each.block, ingestedAt: later } }] : []))
        const watching = new Watching(rules)
        for (const { block } of old) watching.readings(block, false)
        for (const block of await intervalsOf(old)) watching.intervals(block)
        watching.beat(later).beat(later + DAY)
        expect(watching.notified()).toEqual([])
        for (const { expires } of watching.steps) expect(expires).toBeLessThan(later)
      }),
      { numRuns: 60 }
    )
  })
  test('late readings, in any order, leave the silences that a meter without delay would have had', () => {
    const minutes = fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(minutes, (late) => {
        const [first, last] = [counterBlock([[0, 1]], 0, { ingestedAt: 0 }), counterBlock([[401, 9]], 0, { ingestedAt: 401 * MINUTE })]
        const watching = new Watching(rules)
          .readings(first)
          .beat(26 * MINUTE)
          .readings(last)
          .beat(411 * MINUTE)
        for (const minute of late) watching.readings(counterBlock([[minute, 5]], 0, { ingestedAt: 420 * MINUTE }), false)
        const all = [0, ...late.sort((a, b) => a - b), 401]
        const gaps = all.slice(1).flatMap((minute, i) => (minute - all[i] >= 25 ? [all[i]] : []))
        const silences = watching.alerts().filter(({ state }) => state !== 'retracted')
        // Silences less than the clear hold apart are one alert.
        const heads = gaps.filter((from, i) => i === 0 || from > all[all.indexOf(gaps[i - 1]) + 1] + 10)
        expect(silences.map(({ since }) => since / MINUTE)).toEqual(heads)
      })
    )
  })
})
