import { describe, expect, test } from 'vitest'
import { type HalfDay, halfDayAt, halfDayFile, halfDayName, halfDayOf } from '../../schemas/half-days.js'
import { POWER_GRID, POWER_SCALE } from '../../schemas/installations.js'
import { Op } from '../../schemas/quality.js'
import { slots } from './blocks-at-random.js'

const ZONE = 'Europe/Brussels'
const rowsOf = ({ first, last }: HalfDay): number => (last - first) / 8000 + 1
const halves = (day: string, cut: '10:00Z' | 'noon', zone = ZONE) => {
  const [am, pm] = [halfDayOf(day, 'AM', zone, cut), halfDayOf(day, 'PM', zone, cut)]
  expect(pm.first - am.last).toBe(8000)
  return [rowsOf(am), rowsOf(pm)]
}

describe('A15', () => {
  test('half-days cut at 10:00:00Z', () => {
    expect(halves('2022-07-01', '10:00Z')).toEqual([5401, 5399])
    expect(halves('2022-02-01', '10:00Z')).toEqual([4951, 5849])
  })

  test('the local day of a row', () => {
    const dayOf = (ts: string) => halfDayAt(Date.parse(ts), ZONE, '10:00Z').day
    expect(['2022-01-31T22:59:52Z', '2022-01-31T23:00:00Z', '2022-06-30T22:00:00Z'].map(dayOf)).toEqual([
      '2022-01-31',
      '2022-02-01',
      '2022-07-01'
    ])
  })
})

test('cut at local noon, mornings are as long in winter as in summer, but for the days on which clocks change', () => {
  expect(halves('2022-02-01', 'noon')).toEqual([5401, 5399])
  expect(halves('2022-07-01', 'noon')).toEqual([5401, 5399])
  expect(halves('2022-03-27', 'noon')).toEqual([4951, 5399])
  expect(halves('2022-10-30', 'noon')).toEqual([5851, 5399])
})

test('every row of a year belongs to one half-day, which is the one its date and half name', () => {
  const wrong: string[] = []
  for (const cut of ['10:00Z', 'noon'] as const)
    for (const zone of [ZONE, 'America/Chicago', 'Asia/Tokyo']) {
      let before: HalfDay | null = null
      for (let ts = Date.UTC(2022, 0, 1); ts < Date.UTC(2023, 0, 1); ts += 3 * 3_600_000) {
        const half: HalfDay = halfDayAt(ts, zone, cut)
        const named = halfDayOf(half.day, half.half, zone, cut)
        const follows: boolean = before === null || before.last >= ts || half.first - before.last === 8000
        if (ts < half.first || ts > half.last || named.first !== half.first || named.last !== half.last || !follows)
          wrong.push(`${zone} ${cut} ${new Date(ts).toISOString()}`)
        before = half
      }
    }
  expect(wrong).toEqual([])
})

test('no two installations share a file', () => {
  const half = { day: '2022-07-01', half: 'AM' } as const
  expect(halfDayName('CDB10', half)).toBe('CDB10_2022-07-01_AM.csv')
  const ids = ['CDB1', 'CDB_1', 'CDB 1', '../CDB1', 'CDB/1', 'CDB%2F1', '.CDB1', 'CDBÉ1']
  const names = ids.map((id) => halfDayName(id, half))
  expect(new Set(names).size).toBe(ids.length)
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9%_][A-Za-z0-9%._-]*$/)
})

test('figures are exact, a slot that is not wholly known is empty, and a row stands for every eight seconds', () => {
  const half = halfDayOf('2022-07-01', 'AM', ZONE, '10:00Z')
  const start = half.first - 8000
  const block = (register: string, rows: Parameters<typeof slots>[0]) =>
    slots(rows, { point: 'installation/HOME01', register, unit: 'Wh', grid: POWER_GRID, scale: POWER_SCALE })
  const row = (i: number, amount: number, more = {}) => ({
    start: start + i * 8000,
    end: start + (i + 1) * 8000,
    amount,
    coveredMs: 8000,
    ...more
  })
  const { content, known } = halfDayFile('HOME01', half, [
    [block('p_cons', [row(0, 996_000), row(1, 2_312_000), row(2, 1000, { coveredMs: 4000 })])],
    [block('p_prod', [row(0, -4_000_000), row(1, 0), row(2, 1, { op: Op.UNKNOWN })])],
    [block('p_tot', [row(0, -3_004_000), row(1, 2_312_001), row(1, 2_312_000, { rev: 2 })])]
  ])
  const lines = content.split('\n')
  expect(lines.slice(0, 5)).toEqual([
    'home_id,day,ts,p_cons,p_prod,p_tot',
    'HOME01,2022-07-01,2022-06-30T22:00:00Z,448.2,-1800,-1351.8',
    'HOME01,2022-07-01,2022-06-30T22:00:08Z,1040.4,0,1040.4',
    'HOME01,2022-07-01,2022-06-30T22:00:16Z,,,',
    'HOME01,2022-07-01,2022-06-30T22:00:24Z,,,'
  ])
  expect(lines).toHaveLength(5401 + 2)
  expect(lines[5401]).toContain('2022-07-01T10:00:00Z')
  expect(known).toBe(6)
  expect(halfDayFile('HOME01', half, [[], [], []]).known).toBe(0)
})
