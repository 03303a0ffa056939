import fc from 'fast-check'
import { NO_RULES, type SeriesRules, type Settings } from '../../processors/energy/rules.js'
import type { Readings } from '../../schemas/generated.js'
import { counterBlock, HOUR, MINUTE } from './series.js'

/** What a register does from one reading to the next: mostly counts, sometimes everything the rules know. */
const event = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('count' as const), by: fc.integer({ min: 0, max: 40 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('flat' as const), by: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('blip' as const), by: fc.integer({ min: 0, max: 30 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('dip' as const), by: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('spike' as const), by: fc.integer({ min: 1000, max: 90_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const), by: fc.integer({ min: 0, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fall' as const), by: fc.integer({ min: 5, max: 400 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('swap' as const), by: fc.integer({ min: 0, max: 9000 }) }) }
)
const minutes = fc.oneof(
  { weight: 10, arbitrary: fc.constant(5) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 300 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1441, max: 4000 }) }
)

export interface Shown {
  minute: number
  value: number
  device: string
}

const play = (events: { kind: string; by: number }[], steps: number[], dial: number | null): Shown[] => {
  const shown: Shown[] = []
  let [value, minute, device] = [dial === null ? 900 : dial - 60, 0, 0]
  for (const [i, { kind, by }] of events.entries()) {
    minute += steps[i]
    let now = value
    if (kind === 'count') now = value += by
    if (kind === 'blip') now = by
    if (kind === 'dip') now = Math.max(0, value - by)
    if (kind === 'spike') now = value + by
    if (kind === 'reset') now = value = by
    if (kind === 'fall') now = value = Math.max(0, value - by)
    if (kind === 'swap') {
      device++
      now = value = by
    }
    if (dial !== null) {
      value %= dial
      now = kind === 'spike' ? now : now % dial
    }
    shown.push({ minute, value: now, device: `d${device}` })
  }
  return shown
}

const settings: fc.Arbitrary<SeriesRules> = fc
  .record({
    dial: fc.constantFrom(null, 1000),
    cap: fc.constantFrom(null, 600),
    expectedMs: fc.constantFrom(null, 5 * MINUTE),
    factor: fc.constantFrom('', '9/20', '-40/1'),
    from: fc.integer({ min: 0, max: 400 }),
    backwardTolerance: fc.constantFrom(0, 3_000_000)
  })
  .map(({ dial, cap, expectedMs, factor, from, backwardTolerance }) => {
    const base: Settings = {
      ...NO_RULES.versions[0],
      dial: dial === null ? null : dial * 1_000_000,
      capPerHour: cap === null ? null : cap * 1_500_000,
      ratedPerHour: cap === null ? null : cap * 1_000_000,
      expectedMs,
      backwardTolerance
    }
    if (factor === '') return { versions: [base], devices: [] }
    const [num, den] = factor.split('/').map(Number)
    return {
      versions: [base, { ...base, validFrom: from * MINUTE, factor: { num, den }, factorId: factor, factorFrom: from * MINUTE }],
      devices: []
    }
  })

export const scenario = fc
  .record({
    events: fc.array(event, { minLength: 2, maxLength: 40 }),
    steps: fc.array(minutes, { minLength: 40, maxLength: 40 }),
    rules: settings
  })
  .map(({ events, steps, rules }) => ({
    rules,
    shown: play(events, steps, rules.versions[0].dial === null ? null : rules.versions[0].dial / 1_000_000)
  }))

export const block = (rows: Shown[]): Readings =>
  counterBlock(
    rows.map(({ minute, value }) => [minute, value] as const),
    0,
    { device: rows[0].device }
  )

export const swapItems = <Item>(items: Item[], i: number, j: number): void => {
  const item = items[i]
  items[i] = items[j]
  items[j] = item
}

/** Long after everything: whatever waits has been decided. */
export const END = 60_000 * MINUTE + 48 * HOUR

/** Readings cut into blocks of one device, some twice, perhaps shuffled. `die(n)` gives 0 .. n - 1. */
export const scatter = (shown: readonly Shown[], die: (n: number) => number): Shown[][] => {
  const blocks: Shown[][] = []
  for (let i = 0; i < shown.length; ) {
    let to = i + 1
    const size = 1 + die(6)
    while (to < shown.length && to - i < size && shown[to].device === shown[i].device) to++
    blocks.push(shown.slice(i, to))
    i = to
  }
  for (let n = die(4); n > 0; n--) blocks.push(blocks[die(blocks.length)])
  if (die(3) > 0) for (let i = blocks.length - 1; i > 0; i--) swapItems(blocks, i, die(i + 1))
  return blocks
}
