import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseGrid, slotAt, storedGrid, storedGridsOf } from '../../schemas/grid.js'
import { offsetAt } from '../../schemas/zone.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const MADRID = 'Europe/Madrid'
const utc = (text: string): number => Date.parse(`${text}Z`)
const text = ({ start, end }: { start: number; end: number }): string[] => [start, end].map((at) => new Date(at).toISOString().slice(0, 16))
const slot = (grid: string, at: string, zone = MADRID) => text(slotAt(parseGrid(grid)!, zone, utc(at)))

const months = [
  { month: '2023-10', hours: 745, from: '2023-09-30T22:00', to: '2023-10-31T23:00' },
  { month: '2024-03', hours: 743, from: '2024-02-29T23:00', to: '2024-03-31T22:00' },
  { month: '2021-06', hours: 720, from: '2021-05-31T22:00', to: '2021-06-30T22:00' },
  { month: '2024-02', hours: 696, from: '2024-01-31T23:00', to: '2024-02-29T23:00' }
]
for (const { month, hours, from, to } of months) {
  test(`A8 ${month} has ${hours} hours in Madrid`, () => {
    const { start, end } = slotAt(storedGrid('P1M'), MADRID, utc(`${month}-15T12:00`))
    expect(text({ start, end })).toEqual([from, to])
    let count = 0
    for (let at = start; at < end; at = slotAt(storedGrid('PT1H'), MADRID, at).end) count++
    expect(count).toBe(hours)
  })
}

describe('slots around the clock changes of Madrid', () => {
  const cases = [
    {
      when: 'a quarter in the hour that repeats, first time',
      is: slot('PT15M', '2023-10-29T00:50'),
      gives: ['2023-10-29T00:45', '2023-10-29T01:00']
    },
    { when: 'the same quarter, second time', is: slot('PT15M', '2023-10-29T01:50'), gives: ['2023-10-29T01:45', '2023-10-29T02:00'] },
    { when: 'the hour that repeats, first time', is: slot('PT1H', '2023-10-29T00:30'), gives: ['2023-10-29T00:00', '2023-10-29T01:00'] },
    { when: 'the same hour, second time', is: slot('PT1H', '2023-10-29T01:30'), gives: ['2023-10-29T01:00', '2023-10-29T02:00'] },
    { when: 'the hour before the skipped one', is: slot('PT1H', '2024-03-31T00:59'), gives: ['2024-03-31T00:00', '2024-03-31T01:00'] },
    {
      when: 'two hours with the repeated one are three',
      is: slot('PT2H', '2023-10-29T01:30'),
      gives: ['2023-10-29T00:00', '2023-10-29T03:00']
    },
    {
      when: 'two hours with the skipped one are one',
      is: slot('PT2H', '2024-03-31T01:30'),
      gives: ['2024-03-31T01:00', '2024-03-31T02:00']
    },
    { when: 'a day of 25 hours', is: slot('P1D', '2023-10-29T12:00'), gives: ['2023-10-28T22:00', '2023-10-29T23:00'] },
    { when: 'a day of 23 hours', is: slot('P1D', '2024-03-31T12:00'), gives: ['2024-03-30T23:00', '2024-03-31T22:00'] },
    {
      when: 'a week starts on Monday; this one ends on the long Sunday',
      is: slot('P1W', '2023-10-29T12:00'),
      gives: ['2023-10-22T22:00', '2023-10-29T23:00']
    },
    { when: 'the Monday after', is: slot('P1W', '2023-10-29T23:00'), gives: ['2023-10-29T23:00', '2023-11-05T23:00'] },
    { when: 'December ends with the year', is: slot('P1M', '2023-12-31T12:00'), gives: ['2023-11-30T23:00', '2023-12-31T23:00'] },
    { when: 'a year of two changes', is: slot('P1Y', '2023-06-01T00:00'), gives: ['2022-12-31T23:00', '2023-12-31T23:00'] },
    { when: 'a leap day', is: slot('P1D', '2024-02-29T12:00'), gives: ['2024-02-28T23:00', '2024-02-29T23:00'] },
    { when: 'before 1970', is: slot('P1W', '1969-12-31T12:00', 'UTC'), gives: ['1969-12-29T00:00', '1970-01-05T00:00'] }
  ]
  for (const { when, is, gives } of cases) test(when, () => expect(is).toEqual(gives))
})

describe('zones off the full hour', () => {
  const cases = [
    {
      when: 'an hour of Kolkata starts at half past in UTC',
      is: slot('PT1H', '2024-05-01T10:10', 'Asia/Kolkata'),
      gives: ['2024-05-01T09:30', '2024-05-01T10:30']
    },
    {
      when: 'a quarter of Kolkata is one of UTC',
      is: slot('PT15M', '2024-05-01T10:10', 'Asia/Kolkata'),
      gives: ['2024-05-01T10:00', '2024-05-01T10:15']
    },
    {
      when: 'Lord Howe goes back half an hour: the hour before is whole',
      is: slot('PT1H', '2023-04-01T14:30', 'Australia/Lord_Howe'),
      gives: ['2023-04-01T14:00', '2023-04-01T15:00']
    },
    {
      when: 'and 01:30 to 02:00, the second time, is a slot of its own',
      is: slot('PT1H', '2023-04-01T15:10', 'Australia/Lord_Howe'),
      gives: ['2023-04-01T15:00', '2023-04-01T15:30']
    },
    {
      when: 'Lord Howe goes forward: 02:30 to 03:00 is all there is of that hour',
      is: slot('PT1H', '2023-09-30T15:40', 'Australia/Lord_Howe'),
      gives: ['2023-09-30T15:30', '2023-09-30T16:00']
    },
    {
      when: 'a clock turned back over a border does not open the slot before again',
      is: slot('PT90M', '2023-11-05T07:10', 'America/Chicago'),
      gives: ['2023-11-05T06:30', '2023-11-05T09:00']
    },
    {
      when: 'Samoa had no 30 December 2011',
      is: slot('P1D', '2011-12-30T10:00', 'Pacific/Apia'),
      gives: ['2011-12-30T10:00', '2011-12-31T10:00']
    }
  ]
  for (const { when, is, gives } of cases) test(when, () => expect(is).toEqual(gives))
})

/**
 * From a slot one comes to the next, and every instant in a slot names that slot; else energy would be counted twice or lost at some
 * border. The zones are those of the sources and the ones whose clocks did something unusual.
 */
test('slots tile time: no gap, no overlap', () => {
  const zones = [
    'Europe/Madrid',
    'America/Chicago',
    'Australia/Lord_Howe',
    'Asia/Kolkata',
    'Pacific/Apia',
    'America/St_Johns',
    'America/Havana'
  ]
  const names = ['PT8S', 'PT15M', 'PT36M', 'PT1H', 'PT90M', 'PT96M', 'PT2H', 'PT6H', 'PT24H', 'P1D', 'P1W', 'P1M', 'P1Y']
  // Lord Howe, Chicago, Havana and Madrid in 2023 and 2024; St John's in 2008; Samoa in 2011.
  const changes = ['2023-04-01T15:00', '2023-09-30T15:30', '2023-03-12T08:00', '2023-11-05T05:00', '2023-11-05T07:00', '2023-10-29T01:00']
  const others = ['2024-03-31T01:00', '2008-11-02T02:31', '2011-12-30T10:00']
  const change = fc
    .tuple(fc.constantFrom(...[...changes, ...others].map(utc)), fc.integer({ min: -DAY, max: DAY }))
    .map(([at, ms]) => at + ms)
  const instant = fc.oneof(change, fc.integer({ min: utc('1995-01-01T00:00'), max: utc('2035-01-01T00:00') }))
  const part = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  const shown = ({ start, end }: { start: number; end: number }): string => `${start}-${end}`
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.constantFrom(...names), instant, part, (zone, name, at, share) => {
      const grid = parseGrid(name)!
      let slot = slotAt(grid, zone, at)
      expect(slot.start <= at && at < slot.end, shown(slot)).toBe(true)
      const wrong: string[] = []
      for (let i = 0; i < 10; i++) {
        const { start, end } = slot
        for (const inside of [start, start + Math.floor((end - start) * share), end - 1]) {
          const same = slotAt(grid, zone, inside)
          if (shown(same) !== shown(slot)) wrong.push(`${inside} lies in ${shown(slot)} and in ${shown(same)}`)
        }
        slot = slotAt(grid, zone, end)
        if (slot.start !== end) wrong.push(`after ${end} comes ${shown(slot)}`)
      }
      expect(wrong).toEqual([])
    }),
    { numRuns: 3000 }
  )
})

test('a slot is as long as its grid says wherever no clock changes', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('PT8S', 'PT15M', 'PT1H', 'PT90M', 'PT6H'),
      fc.constantFrom(MADRID, 'Asia/Kolkata', 'America/Chicago'),
      fc.integer({ min: 0, max: 2e12 }),
      (name, zone, at) => {
        const grid = parseGrid(name)!
        const { start, end } = slotAt(grid, zone, at)
        if (offsetAt(zone, start - DAY) === offsetAt(zone, end + DAY)) expect(end - start).toBe(grid.ms)
        if (offsetAt(zone, start) === offsetAt(zone, at)) expect(Math.abs((start + offsetAt(zone, start)) % grid.ms)).toBe(0)
      }
    )
  )
})

describe('names of grids', () => {
  for (const name of ['PT15M', 'PT8S', 'PT1H', 'PT24H', 'P1D', 'P1W', 'P1M', 'P1Y'])
    test(`${name} is one`, () => expect(parseGrid(name)?.name).toBe(name))
  for (const name of ['', 'PT0S', 'PT7M', 'PT25H', 'P2D', 'PT1.5H', 'pt15m', 'PT15', 'toString', 'PT000015M', 'PT-15M']) {
    test(`"${name}" is none: it does not divide a day, or is no duration`, () => expect(parseGrid(name)).toBeNull())
  }
})

const stored = [
  { native: 0, gives: ['PT15M', 'PT1H', 'P1D', 'P1M'] },
  { native: 900_000, gives: ['PT15M', 'PT1H', 'P1D', 'P1M'] },
  { native: HOUR, gives: ['PT1H', 'P1D', 'P1M'] },
  { native: DAY, gives: ['P1D', 'P1M'] },
  { native: 25 * HOUR, gives: ['P1D', 'P1M'] },
  { native: 31 * DAY, gives: ['P1M'] }
]
for (const { native, gives } of stored) {
  test(`readings over ${native / HOUR} h are stored as ${gives.join(', ')}: nothing finer than the source`, () =>
    expect(storedGridsOf(native)).toEqual(gives))
}
