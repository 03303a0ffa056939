import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Acknowledgement, type Cause, episodesOf, type Policy, type Severity } from '../../../processors/alerts/machine.js'

const MINUTE = 60_000
const policy: Policy = {
  clearMs: 10 * MINUTE,
  dwellMs: 15 * MINUTE,
  remindersMin: [15, 30, 60],
  flapping: { times: 3, windowMs: 60 * MINUTE }
}

const cause = (from: number, to: number | null, more: Partial<Cause> = {}): Cause => ({
  from: from * MINUTE,
  to: to === null ? null : to * MINUTE,
  firesAt: from * MINUTE,
  levels: [{ at: from * MINUTE, severity: 'warning' }],
  value: null,
  threshold: null,
  unit: '',
  text: '',
  rows: [],
  count: 1,
  ...more
})
const ack = (since: number, at: number): Acknowledgement => ({ since: since * MINUTE, at: at * MINUTE, by: 'ann', note: '' })
const at = (minute: number, causes: Cause[], acks: Acknowledgement[] = []) => episodesOf(causes, acks, minute * MINUTE, policy)
const states = (minutes: number[], causes: Cause[], acks: Acknowledgement[] = []) =>
  minutes.map((minute) => at(minute, causes, acks).at(-1)?.state)

describe('one alert', () => {
  test('pending until it has held, then firing, resolving, and ok when the clear hold is over', () => {
    const held = cause(0, 20, { firesAt: 5 * MINUTE })
    expect(states([4, 5, 19, 20, 29, 30], [held])).toEqual(['pending', 'firing', 'firing', 'resolving', 'resolving', 'ok'])
  })
  test('gone before it held is nothing', () => {
    expect(at(60, [cause(0, 4, { firesAt: 5 * MINUTE })])).toEqual([])
  })
  test('back within the clear hold is the same alert, after it another', () => {
    expect(at(60, [cause(0, 5), cause(15, null)]).map(({ since, state }) => [since, state])).toEqual([[0, 'firing']])
    expect(at(60, [cause(0, 5), cause(16, null)]).map(({ since, state }) => [since / MINUTE, state])).toEqual([
      [0, 'ok'],
      [16, 'firing']
    ])
  })
  test('an acknowledgement holds until it is resolved, and is of this alert only', () => {
    expect(states([6, 7, 20, 30], [cause(0, 20)], [ack(0, 7)])).toEqual(['firing', 'acked', 'resolving', 'ok'])
    expect(states([6, 50], [cause(40, null)], [ack(0, 7)])).toEqual(['pending', 'firing'])
  })
  test('reminders after 15, 30 and then every 60 minutes, none after an acknowledgement or the end', () => {
    const count = (minute: number, acks: Acknowledgement[] = [], causes = [cause(0, null)]) => at(minute, causes, acks)[0].reminders
    expect([14, 15, 44, 45, 104, 105, 165].map((minute) => count(minute))).toEqual([0, 1, 1, 2, 2, 3, 4])
    expect(count(500, [ack(0, 50)])).toBe(2)
    expect(count(500, [], [cause(0, 20)])).toBe(1)
  })
  test('severity moves both ways, but not before the dwell is over', () => {
    const levels = (...list: [number, Severity][]) => list.map(([minute, severity]) => ({ at: minute * MINUTE, severity }))
    const moving = cause(0, null, { levels: levels([0, 'warning'], [5, 'critical'], [20, 'warning']) })
    expect([14, 15, 29, 30, 99].map((minute) => at(minute, [moving])[0].severity)).toEqual([
      'warning',
      'critical',
      'critical',
      'warning',
      'warning'
    ])
    const brief = cause(0, null, { levels: levels([0, 'warning'], [5, 'critical'], [10, 'warning']) })
    expect([6, 16, 99].map((minute) => at(minute, [brief])[0].severity)).toEqual(['warning', 'warning', 'warning'])
  })
  test('more than three within the hour flap: one message, no reminders', () => {
    const often = [0, 10, 20, 30].map((minute) => cause(minute, minute + 2))
    const [episode] = at(31, [...often.slice(0, 3), cause(30, null)])
    expect(episode.state).toBe('flapping')
    expect(at(400, [...often.slice(0, 3), cause(30, null)])[0].reminders).toBe(1)
  })
})

/** Random causes in the order of their beginning, of which only the last may go on. */
const causesAtRandom = fc
  .array(
    fc.record({ pause: fc.integer({ min: 0, max: 40 }), hold: fc.integer({ min: 0, max: 6 }), lasts: fc.integer({ min: 0, max: 60 }) }),
    {
      minLength: 1,
      maxLength: 12
    }
  )
  .chain((list) => fc.boolean().map((open) => ({ list, open })))
  .map(({ list, open }) => {
    let minute = 0
    return list.map(({ pause, hold, lasts }, i) => {
      const from = minute + pause
      minute = from + lasts
      return cause(from, open && i === list.length - 1 ? null : minute, { firesAt: (from + hold) * MINUTE })
    })
  })

describe('laws', () => {
  test('at most the last alert is active, and one is active only while its condition holds or clears', () => {
    fc.assert(
      fc.property(causesAtRandom, fc.integer({ min: 0, max: 900 }), (causes, minute) => {
        const all = episodesOf(causes, [], 900 * MINUTE, policy)
        for (const episode of all.slice(0, -1)) expect(episode.state).toBe('ok')
        const last = all.at(-1)
        if (last !== undefined && causes.at(-1)?.to !== null) expect(last.state).toBe('ok')
        const before = episodesOf(
          causes.filter(({ from }) => from <= minute * MINUTE),
          [],
          minute * MINUTE,
          policy
        )
        expect(before.filter(({ state }) => state !== 'ok').length).toBeLessThanOrEqual(1)
      })
    )
  })
  test('nothing changes before it is due, and what is due lies ahead', () => {
    fc.assert(
      fc.property(causesAtRandom, fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 900 }), (causes, first, later) => {
        const now = first * MINUTE
        const known = causes.filter(({ from }) => from <= now)
        const told = (when: number) =>
          episodesOf(known, [], when, policy).map(({ since, state, severity, at, reminders }) => [since, state, severity, at, reminders])
        const due = Math.min(...episodesOf(known, [], now, policy).map((episode) => episode.due))
        expect(due).toBeGreaterThan(now)
        const then = Math.min(now + later * MINUTE, due - 1)
        expect(told(then)).toEqual(told(now))
      })
    )
  })
})
