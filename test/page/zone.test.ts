import { expect, test } from 'vitest'
import { type Range, rangeOf, respanned, stepped, type View, viewOf, widened } from '../../api/page/chart/range.js'
import { ticksOf } from '../../api/page/chart/ticks.js'
import { HOUR_MS, instantOf, moved, startOf, wallOf } from '../../api/page/chart/zone.js'
import { parseGrid, slotAt } from '../../schemas/grid.js'

const MADRID = 'Europe/Madrid'
const at = (text: string): number => Date.parse(text)
const hours = ({ from, to }: Range): number => (to - from) / HOUR_MS
const ALIVE = { first: at('2022-05-01T00:00Z'), last: at('2023-10-31T23:00Z') }

test('local days have 23, 24 and 25 hours', () => {
  const lengths = ['2023-03-26', '2023-07-01', '2023-10-29'].map((day) => {
    const start = startOf('day', MADRID, at(`${day}T10:00Z`))
    return (moved('day', MADRID, start, 1) - start) / HOUR_MS
  })
  expect(lengths).toEqual([23, 24, 25])
  expect(startOf('hour', MADRID, at('2023-10-29T01:40Z'))).toBe(at('2023-10-29T01:00Z'))
  expect(instantOf(MADRID, Date.UTC(2023, 9, 29, 2, 30))).toBe(at('2023-10-29T00:30Z'))
  expect(wallOf(MADRID, instantOf(MADRID, Date.UTC(2023, 2, 26, 2, 30)))).toBe(Date.UTC(2023, 2, 26, 3, 30))
})

test('starts are those of the ledger, in any zone', () => {
  const units = { hour: 'PT1H', day: 'P1D', week: 'P1W', month: 'P1M', year: 'P1Y' } as const
  for (const zone of [MADRID, 'Atlantic/Canary', 'America/Chicago', 'Asia/Kolkata', 'UTC'])
    for (let when = at('2023-01-01T00:10Z'); when < at('2024-01-05T00:00Z'); when += 37 * HOUR_MS)
      for (const [unit, name] of Object.entries(units)) {
        const slot = slotAt(parseGrid(name)!, zone, when)
        const start = startOf(unit as keyof typeof units, zone, when)
        expect([start, moved(unit as keyof typeof units, zone, start, 1)], `${unit} ${zone} ${new Date(when).toISOString()}`).toEqual([
          slot.start,
          slot.end
        ])
      }
})

test('a day of the calendar is looked at whole, one step is one day', () => {
  const view: View = { span: 'day', at: at('2023-10-29T12:00Z') }
  const now = at('2024-02-01T10:00Z')
  expect(hours(rangeOf(view, MADRID, now, ALIVE))).toBe(25)
  const next = stepped(view, 1, MADRID, now, ALIVE)
  expect(rangeOf(next, MADRID, now, ALIVE)).toEqual({ from: at('2023-10-29T23:00Z'), to: at('2023-10-30T23:00Z') })
  expect(stepped(next, -1, MADRID, now, ALIVE)).toEqual({ span: 'day', at: at('2023-10-28T22:00Z') })
})

test('the day until now: before it lies yesterday, after yesterday now', () => {
  const now = at('2024-02-01T10:00Z')
  const live = { ...ALIVE, last: now - 5000 }
  const view = viewOf(new URLSearchParams(), live, now)
  expect(view).toEqual({ span: 'day', at: null })
  expect(rangeOf(view, MADRID, now, live)).toEqual({ from: now - 24 * HOUR_MS, to: now })
  const yesterday = stepped(view, -1, MADRID, now, live)
  expect(rangeOf(yesterday, MADRID, now, live)).toEqual({ from: at('2024-01-30T23:00Z'), to: at('2024-01-31T23:00Z') })
  expect(stepped(yesterday, 1, MADRID, now, live)).toEqual(view)
})

test('a meter that is silent opens at the last month that has data', () => {
  const now = at('2024-02-01T10:00Z')
  const view = viewOf(new URLSearchParams(), ALIVE, now)
  expect(rangeOf(view, MADRID, now, ALIVE)).toEqual({ from: at('2023-09-30T22:00Z'), to: at('2023-10-31T23:00Z') })
  const short = { first: at('2023-10-29T10:00Z'), last: at('2023-11-02T13:00Z') }
  const all = { from: at('2023-10-28T22:00Z'), to: at('2023-11-02T23:00Z') }
  expect(rangeOf(viewOf(new URLSearchParams(), short, now), MADRID, now, short)).toEqual(all)
  expect(rangeOf(respanned(view, 'day', MADRID, now, ALIVE), MADRID, now, ALIVE).to).toBe(at('2023-10-31T23:00Z'))
  expect(respanned({ span: 'year', at: ALIVE.first }, 'month', MADRID, now, ALIVE)).toEqual({
    span: 'month',
    at: at('2022-12-31T23:00Z') - 1
  })
})

test('addresses: a free range, a span, nonsense', () => {
  const now = at('2024-02-01T10:00Z')
  const of = (query: string) => viewOf(new URLSearchParams(query), ALIVE, now)
  expect(of('from=2023-10-01T00:00Z&to=2023-10-02T00:00Z')).toEqual({ from: at('2023-10-01T00:00Z'), to: at('2023-10-02T00:00Z') })
  expect(of('span=week&at=2023-10-11T00:00Z')).toEqual({ span: 'week', at: at('2023-10-11T00:00Z') })
  for (const wrong of ['span=eon', 'from=2023-10-02&to=2023-10-01', 'from=x&to=y']) expect(of(wrong)).toEqual(of(''))
})

test('one step out of a free range is the next longer span around it', () => {
  const middle = at('2023-10-12T10:00Z')
  const out = (ms: number) => widened({ from: middle - ms / 2, to: middle + ms / 2 }, MADRID, middle, ALIVE)
  expect([10_000, HOUR_MS, 5 * HOUR_MS, 24 * HOUR_MS, 400 * 24 * HOUR_MS].map((ms) => (out(ms) as { span: string }).span)).toEqual([
    'hour',
    'day',
    'day',
    'week',
    'all'
  ])
})

const labels = (from: string, to: string, most: number) =>
  ticksOf({ from: at(from), to: at(to) }, MADRID, most).map(({ label, below }) => `${label}${below && ` ${below}`}`.replace(',', ''))

test('ticks stand on round local times, also when the clock changes', () => {
  expect(labels('2023-10-28T22:00Z', '2023-10-29T23:00Z', 9)).toEqual([
    '00:00 Sun 29 Oct',
    '03:00',
    '06:00',
    '09:00',
    '12:00',
    '15:00',
    '18:00',
    '21:00',
    '00:00'
  ])
  expect(labels('2023-03-25T23:00Z', '2023-03-26T04:00Z', 9)).toEqual(['00:00 Sun 26 Mar', '01:00', '03:00', '04:00', '05:00', '06:00'])
  expect(labels('2023-10-12T17:00Z', '2023-10-13T05:00Z', 3)).toEqual(['00:00 Fri 13 Oct', '06:00'])
  expect(labels('2023-10-12T15:30Z', '2023-10-13T06:00Z', 3)).toEqual(['18:00', '00:00 Fri 13 Oct', '06:00'])
  expect(labels('2023-10-12T10:00:05Z', '2023-10-12T10:00:40Z', 4)).toEqual(['12:00:10 Thu 12 Oct', '12:00:20', '12:00:30', '12:00:40'])
})

test('ticks of months and years', () => {
  expect(labels('2022-12-31T23:00Z', '2023-12-31T23:00Z', 5)).toEqual(['Jan 2023', 'Apr', 'Jul', 'Oct', 'Jan'])
  expect(labels('2023-09-30T22:00Z', '2023-10-31T23:00Z', 6)).toEqual(['2 Oct 2023', '9 Oct', '16 Oct', '23 Oct', '30 Oct'])
  expect(labels('2011-06-30T22:00Z', '2023-12-31T23:00Z', 3)).toEqual(['2015', '2020'])
})
