import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { infoenergia } from '../../../producers/infoenergia/source.js'
import { Flag, Quality } from '../../../schemas/quality.js'
import { period20TD } from '../../../schemas/tariff.js'
import { wallOf } from '../../../schemas/zone.js'
import { parsed, REAL_F5D, recorded, rowsOf, sum, utc } from './support.js'

interface Expected {
  intervals?: { cups: string; register: string; startMs: number; endMs: number; wh: number; method?: number; firm?: boolean }[]
  totalWh?: number
  sameAs?: string
}
const expected = JSON.parse(recorded('expected.json').toString()) as Record<string, Expected>

for (const [name, entry] of Object.entries(expected)) {
  const { intervals, totalWh } = entry.sameAs ? expected[entry.sameAs] : entry
  if (!intervals) continue
  test(`A5-A7, A15: ${name} gives the recorded ${intervals.length} intervals`, async () => {
    const { readings, rejects } = await parsed(name, recorded(name))
    expect(rejects).toEqual([])
    for (const register of ['1.8.0', '2.8.0']) {
      const wanted = intervals.filter((interval) => interval.register === register)
      const rows = rowsOf(readings, register)
      const nonZero = wanted.length > 0 ? rows : rows.filter(({ value }) => value !== 0)
      expect(nonZero.map(({ point, start, end, value }) => ({ point, start, end, value }))).toEqual(
        wanted.map(({ cups, startMs, endMs, wh }) => ({ point: cups.slice(0, 20), start: startMs, end: endMs, value: wh }))
      )
      for (const [i, { method, firm }] of wanted.entries()) {
        if (method !== undefined) expect(rows[i].code).toBe(method)
        if (firm !== undefined)
          expect(rows[i].flags & (Flag.FIRM | Flag.FIRMNESS_KNOWN)).toBe(firm ? Flag.FIRM | Flag.FIRMNESS_KNOWN : Flag.FIRMNESS_KNOWN)
        if (method === undefined) expect(rows[i].quality).toBe(Quality.VALID)
      }
    }
    if (totalWh !== undefined) expect(sum(rowsOf(readings).map(({ value }) => value))).toBe(totalWh)
  })
}

test('A1: 189 Wh over [2021-05-31T22:00Z, 23:00Z), method 1, not firm; no 2.8.0, for empty is not 0', async () => {
  const line = 'ES0237504543669057KF0F;2021/06/01 01:00;1;189;;;;;;1;0;TA/202100018520;0;0'
  const { readings, rejects } = await parsed('F5D_0237_0762_20211008.0', line)
  expect(rejects).toEqual([])
  expect(readings).toHaveLength(1)
  expect(readings[0]).toMatchObject({
    point: 'ES0237504543669057KF',
    register: '1.8.0',
    kind: 'INTERVAL',
    curve: 'F5D',
    unit: 'Wh',
    scale: 0,
    step: 1,
    device: '',
    source: 'infoenergia',
    revision: 2021100800,
    attrs: { file: 'F5D_0237_0762_20211008.0', invoice: 'TA/202100018520', cups: 'ES0237504543669057KF0F' },
    at: [utc('2021-05-31T23:00Z')],
    span: [3_600_000],
    value: [189],
    quality: [Quality.RAW],
    code: [1],
    flags: [Flag.FIRMNESS_KNOWN | Flag.SEASON],
    line: [1]
  })
})

test('A5: 25 hours without a gap, 3250 Wh, the third starts 2023-10-29T00:00Z; the repeated label is marked', async () => {
  const rows = rowsOf((await parsed('F5D_0291_0762_20231115.0', recorded('F5D_0291_0762_20231115.0'))).readings)
  expect(rows).toHaveLength(25)
  expect(rows[2]).toMatchObject({ start: utc('2023-10-29T00:00Z'), value: 30 })
  expect([rows[0].start, rows[24].end]).toEqual([utc('2023-10-28T22:00Z'), utc('2023-10-29T23:00Z')])
  for (let i = 1; i < rows.length; i++) expect(rows[i].start).toBe(rows[i - 1].end)
  expect(rows.filter(({ flags }) => flags & Flag.AMBIGUOUS).map(({ value }) => value)).toEqual([20, 30])
  expect(rows.some(({ flags }) => flags & Flag.SEASON_MISMATCH)).toBe(false)
})

test('A8: local months of hours: 745, 743, 720 and 696, first and last instant as given', async () => {
  const months = [
    ['2023-10', 745, '2023-09-30T22:00Z', '2023-10-31T23:00Z'],
    ['2024-03', 743, '2024-02-29T23:00Z', '2024-03-31T22:00Z'],
    ['2021-06', 720, '2021-05-31T22:00Z', '2021-06-30T22:00Z'],
    ['2024-02', 696, '2024-01-31T23:00Z', '2024-02-29T23:00Z']
  ] as const
  for (const [month, hours, from, to] of months) {
    const rows = rowsOf(
      (
        await parsed(
          'F5D_x_20240101.0',
          linesBetween(utc(from), utc(to), () => 1)
        )
      ).readings
    )
    expect([month, rows.length, rows[0].start, rows[rows.length - 1].end]).toEqual([month, hours, utc(from), utc(to)])
  }
})

const MADRID = 'Europe/Madrid'

/** Lines as a distributor writes them, by the zone's own clock. */
const linesBetween = (from: number, to: number, wh: (wall: Date) => number): string => {
  let text = ''
  for (let end = from + 3_600_000; end <= to; end += 3_600_000) {
    const wall = new Date(wallOf(MADRID, end))
    const label = wall.toISOString().slice(0, 16).replace('T', ' ').replaceAll('-', '/')
    const season = wall.getTime() - end === 2 * 3_600_000 ? 1 : 0
    text += `ES0291000000000001DN0F;${label};${season};${wh(wall)};;;;;;1;0;F${label.slice(0, 7)};0;0\r\n`
  }
  return text
}

const byPeriod = (rows: ReturnType<typeof rowsOf>, from: string, to: string) => {
  const sums = { hours: 0, total: 0, P1: 0, P2: 0, P3: 0 }
  for (const { start, value } of rows) {
    if (start < utc(from) || start >= utc(to)) continue
    sums[period20TD(start, MADRID)] += value
    sums.total += value
    sums.hours++
  }
  return sums
}
const JUNE = ['2021-05-31T22:00Z', '2021-06-30T22:00Z'] as const
const JULY = ['2021-06-30T22:00Z', '2021-07-31T22:00Z'] as const

describe('A10: energy per month and 2.0TD period', () => {
  test('made-up file of the same shape: June and July 2021 have 22 working days each', async () => {
    // What a label's hour holds; a hand can add it up. Labels name the END, so 10-14 are the labels 11 to 14.
    const ofLabelHour = (wall: Date) => wall.getUTCHours() || 24
    const text = linesBetween(utc(JUNE[0]), utc(JULY[1]), ofLabelHour)
    const { readings, rejects } = await parsed('F5D_0291_0762_20211008.0', text)
    expect(rejects).toEqual([])
    // P1: labels 11-14 and 19-22 = 50 + 82; P2: 9-10, 15-18, 23-24 = 19 + 66 + 47; P3: 1-8 = 36; a rest day 300.
    const working = { P1: 22 * 132, P2: 22 * 132, P3: 22 * 36 }
    expect(byPeriod(rowsOf(readings), ...JUNE)).toEqual({ hours: 720, total: 30 * 300, ...working, P3: working.P3 + 8 * 300 })
    expect(byPeriod(rowsOf(readings), ...JULY)).toEqual({ hours: 744, total: 31 * 300, ...working, P3: working.P3 + 9 * 300 })
    expect(new Set(readings.map(({ attrs }) => attrs.invoice))).toEqual(new Set(['F2021/06', 'F2021/07', 'F2021/08']))
  })

  test.skipIf(REAL_F5D === undefined)(
    'public F5D (only where ../shared is): 49 003 / 48 002 / 71 998 and 55 002 / 48 998 / 61 004 Wh',
    async () => {
      const { readings, rejects } = await parsed('F5D_0237_0762_20211008.0', readFileSync(REAL_F5D!))
      expect(rejects).toEqual([])
      const rows = rowsOf(readings)
      expect(byPeriod(rows, ...JUNE)).toEqual({ hours: 720, total: 169_003, P1: 49_003, P2: 48_002, P3: 71_998 })
      expect(byPeriod(rows, ...JULY)).toEqual({ hours: 744, total: 165_004, P1: 55_002, P2: 48_998, P3: 61_004 })
      expect(byPeriod(rows, '2021-05-31T22:00Z', '2021-06-01T22:00Z').total).toBe(5_696)
      expect(readings).toHaveLength(2)
    }
  )
})

describe('A14: one defect a line', () => {
  const read = () => parsed('F5D_0291_0762_20240201.0', recorded('F5D_0291_0762_20240201.0'))

  test('6 rejects, each with its reason, what was expected, found and to be done', async () => {
    const { rejects, rows } = await read()
    expect(rejects.map(({ line, field, reason }) => [line, field, reason])).toEqual([
      [2, 'cups', 'control-letters'],
      [3, 'ai', 'not-a-number'],
      [5, 'time', 'ambiguous-time'],
      [9, '', 'too-few-columns'],
      [14, 'time', 'no-such-date'],
      [16, 'ai', 'energy-missing']
    ])
    for (const reject of rejects) {
      expect(reject).toMatchObject({ source: 'infoenergia', name: 'F5D_0291_0762_20240201.0', parserVersion: infoenergia.parserVersion })
      expect(Math.min(reject.expected.length, reject.found.length, reject.advice.length)).toBeGreaterThan(0)
    }
    expect(rows).toBe(16)
  })

  test('the other lines are readings, with their warnings; line 13 is skipped', async () => {
    const rows = rowsOf((await read()).readings)
    expect(rows.map(({ line }) => line).sort((a, b) => a - b)).toEqual([1, 4, 6, 7, 8, 10, 11, 12, 15])
    const byLine = Object.fromEntries(rows.map((row) => [row.line, row]))
    expect(rows.filter(({ flags }) => flags & Flag.SEASON_MISMATCH).map(({ line }) => line)).toEqual([4, 6])
    expect(byLine[6].end).toBe(utc('2024-01-15T04:00Z'))
    expect(byLine[7]).toMatchObject({ code: 0, quality: Quality.QUESTIONABLE })
    expect(byLine[8].value).toBe(-5)
    expect(byLine[12].point).toBe('ES0291000000000001DN')
    expect(byLine[15].end).toBe(utc('2024-01-15T23:00Z'))
  })

  test('lines 1, 10 and 11 are one interval; by line the last is 130 Wh, adjusted', async () => {
    const same = rowsOf((await read()).readings).filter(({ end }) => end === utc('2024-01-15T00:00Z'))
    expect(same.map(({ line, value, code, quality }) => [line, value, code, quality])).toEqual([
      [1, 100, 1, Quality.VALIDATED],
      [10, 100, 1, Quality.VALIDATED],
      [11, 130, 3, Quality.EDITED]
    ])
  })
})

test('A15: Canary 2024/07/15 10:00;1 ends at 09:00Z, mainland at 08:00Z', async () => {
  const { readings } = await parsed(
    'F5D_0031_0762_20240816.0',
    'ES0031600000000001XF0F;2024/07/15 10:00;1;500;0;0;0;0;0;1;1;F;\nES0291000000000001DN0F;2024/07/15 10:00;1;500;0;0;0;0;0;1;1;F;\n'
  )
  expect(rowsOf(readings).map(({ end }) => end)).toEqual([utc('2024-07-15T09:00Z'), utc('2024-07-15T08:00Z')])
  expect(infoenergia.zone('ES0031600000000001XF')).toBe('Atlantic/Canary')
})
