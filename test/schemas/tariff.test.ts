import { expect, test } from 'vitest'
import { type Period, period20TD } from '../../schemas/tariff.js'
import { instantsOf } from '../../schemas/zone.js'

const HOUR = 3_600_000
const at = (local: string, zone = 'Europe/Madrid') => period20TD(instantsOf(zone, Date.parse(`${local}Z`))[0], zone)
const day = (date: string) => Array.from({ length: 24 }, (_, hour) => at(`${date}T${String(hour).padStart(2, '0')}:00`)[1]).join('')

test('a weekday is P3 to 8, P2 to 10, P1 to 14, P2 to 18, P1 to 22, P2 to 24', () => {
  expect(day('2021-06-01')).toBe('333333332211112222111122')
})

const REST = '3'.repeat(24)
for (const date of ['2021-06-05', '2021-06-06']) test(`${date} is a weekend: P3 all day`, () => expect(day(date)).toBe(REST))

// None of these is a weekend.
for (const date of [
  '2021-01-01',
  '2021-01-06',
  '2023-05-01',
  '2023-08-15',
  '2021-10-12',
  '2021-11-01',
  '2021-12-06',
  '2021-12-08',
  '2023-12-25'
]) {
  test(`${date} is a holiday of the nation with a fixed date: P3 all day`, () => expect(day(date)).toBe(REST))
}

for (const [date, why] of [
  ['2026-04-03', 'Good Friday has no fixed date'],
  ['2022-12-26', 'a holiday moved from Sunday may be substituted'],
  ['2021-07-26', 'holidays of regions are not of the nation']
]) {
  test(`${date} is a working day: ${why}`, () => expect(day(date)).not.toBe(REST))
}

test('the START decides, in the local time of the supply point', () => {
  expect(at('2021-06-01T09:59')).toBe('P2')
  expect(at('2021-06-01T10:00')).toBe('P1')
  expect(period20TD(Date.parse('2021-06-01T08:00Z'), 'Europe/Madrid')).toBe('P1')
  expect(period20TD(Date.parse('2021-06-01T08:00Z'), 'Atlantic/Canary')).toBe('P2')
})

test('hours of a month: 2021-06 has 22 working days, so 176 hours of P1, 176 of P2 and 368 of P3', () => {
  const count: Record<Period, number> = { P1: 0, P2: 0, P3: 0 }
  for (let start = Date.parse('2021-05-31T22:00Z'); start < Date.parse('2021-06-30T22:00Z'); start += HOUR) {
    count[period20TD(start, 'Europe/Madrid')]++
  }
  expect(count).toEqual({ P1: 176, P2: 176, P3: 368 })
})
