import fc from 'fast-check'
import { IANAZone } from 'luxon'
import { describe, expect, test } from 'vitest'
import { homeZone } from '../../schemas/home-zone.js'
import { firstInstant, instantsOf, isZone, offsetAt, wallOf } from '../../schemas/zone.js'

const ZONES = [
  'Europe/Madrid',
  'Europe/Brussels',
  'America/Chicago',
  'Atlantic/Canary',
  'Europe/Copenhagen',
  'Australia/Lord_Howe',
  'Asia/Kolkata'
]
const HOUR = 3_600_000
const utc = (text: string): number => Date.parse(`${text}Z`)
const texts = (instants: readonly number[]): string[] => instants.map((at) => new Date(at).toISOString().slice(0, 16))

/** Any second of 40 years, and the seconds around the clock changes. */
const changes = [
  '2023-03-26T01:00',
  '2023-10-29T01:00',
  '2023-03-12T08:00',
  '2023-11-05T07:00',
  '2023-04-01T15:00',
  '2023-09-30T15:30'
].map(utc)
const instant = fc.oneof(
  fc.integer({ min: utc('1995-01-01T00:00') / 1000, max: utc('2035-01-01T00:00') / 1000 }).map((s) => s * 1000),
  fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -7300, max: 7300 })).map(([at, s]) => at + s * 1000)
)

describe.each(ZONES)('%s', (zone) => {
  test('offsets are those of luxon', () => {
    fc.assert(
      fc.property(instant, (at) => {
        expect(offsetAt(zone, at)).toBe(IANAZone.create(zone).offset(at) * 60_000)
      }),
      { numRuns: 500 }
    )
  })

  test('what a wall clock shows leads back to the instant, and to nothing that shows another time', () => {
    fc.assert(
      fc.property(instant, (at) => {
        const found = instantsOf(zone, wallOf(zone, at))
        expect(found).toContain(at)
        for (const one of found) expect(wallOf(zone, one)).toBe(wallOf(zone, at))
        expect(firstInstant(zone, wallOf(zone, at))).toBe(found[0])
      }),
      { numRuns: 500 }
    )
  })
})

const walls = [
  {
    when: 'the hour that repeats in Madrid',
    zone: 'Europe/Madrid',
    wall: '2023-10-29T02:30',
    gives: ['2023-10-29T00:30', '2023-10-29T01:30']
  },
  { when: 'the hour after it', zone: 'Europe/Madrid', wall: '2023-10-29T03:00', gives: ['2023-10-29T02:00'] },
  { when: 'the hour that is skipped in Madrid', zone: 'Europe/Madrid', wall: '2024-03-31T02:30', gives: [] },
  { when: 'the first minute after it', zone: 'Europe/Madrid', wall: '2024-03-31T03:00', gives: ['2024-03-31T01:00'] },
  {
    when: 'the Canary Islands change an hour of the clock earlier',
    zone: 'Atlantic/Canary',
    wall: '2023-10-29T01:30',
    gives: ['2023-10-29T00:30', '2023-10-29T01:30']
  },
  { when: 'Chicago repeats at 01:00', zone: 'America/Chicago', wall: '2023-11-05T01:30', gives: ['2023-11-05T06:30', '2023-11-05T07:30'] },
  {
    when: 'Lord Howe repeats half an hour',
    zone: 'Australia/Lord_Howe',
    wall: '2023-04-02T01:45',
    gives: ['2023-04-01T14:45', '2023-04-01T15:15']
  },
  { when: 'and not the half hour before', zone: 'Australia/Lord_Howe', wall: '2023-04-02T01:15', gives: ['2023-04-01T14:15'] },
  { when: 'Kolkata never changes', zone: 'Asia/Kolkata', wall: '2023-10-29T02:30', gives: ['2023-10-28T21:00'] }
]
for (const { when, zone, wall, gives } of walls) test(when, () => expect(texts(instantsOf(zone, utc(wall)))).toEqual(gives))

test('a skipped time begins when the clock changes', () => {
  expect(texts([firstInstant('Europe/Madrid', utc('2024-03-31T02:30'))])).toEqual(['2024-03-31T01:00'])
})

const days = [
  { day: '2023-10-29', hours: 25, quarters: 100 },
  { day: '2024-03-31', hours: 23, quarters: 92 },
  { day: '2024-06-15', hours: 24, quarters: 96 }
]
for (const { day, hours, quarters } of days) {
  test(`A9 ${day} has ${hours} hours and ${quarters} quarters in Madrid`, () => {
    const start = firstInstant('Europe/Madrid', utc(`${day}T00:00`))
    const end = firstInstant('Europe/Madrid', utc(`${day}T00:00`) + 24 * HOUR)
    expect([(end - start) / HOUR, (end - start) / 900_000]).toEqual([hours, quarters])
  })
}

test('what is no zone is refused by name', () => {
  for (const zone of ['', 'Europe/Madird', 'CET+1 ', 'local']) expect(isZone(zone), zone).toBe(false)
  expect(() => offsetAt('Europe/Madird', 0)).toThrow('"Europe/Madird" is not an IANA time zone')
})

const homes = [
  ['ES0031600000000001XF', 'Atlantic/Canary'],
  ['ES0237504543669057KF', 'Europe/Madrid'],
  ['infoenergia/x', 'Europe/Madrid'],
  ['flukso/abc', 'Europe/Brussels'],
  ['siemens/3', 'America/Chicago'],
  ['pulse/7', 'Europe/Copenhagen'],
  ['other/1', 'UTC'],
  ['flukso', 'UTC']
]
for (const [point, zone] of homes) test(`${point} is at home in ${zone}`, () => expect(homeZone(point)).toBe(zone))
