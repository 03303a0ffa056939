import { describe, expect, test } from 'vitest'
import { period20TD } from '../../schemas/tariff.js'
import { curveLine, DAY, f5d, HOUR, hours, recordedBlock, recordedCurve, sharedFile, utc } from './files.js'
import { type Json, type Whole, withWhole } from './platform.js'

/** Cases of the dossiers, from the bytes of a file to the answer of the API. */
const FED676 = 'real/flukso-tmpo/fed676021dacaaf6a12a8dda7685be34/0'
const CLAMP = 'flukso/fed676021dacaaf6a12a8dda7685be34'
const HOME = 'ES0291000000000001DN'
/** What is not in the checkout is said to be skipped, not left out. */
const PUBLIC_F5D = sharedFile('infoenergia/real/cch/F5D_0237_0762_20211008.0')
const PUBLIC = 'ES0237504543669057KF'

const iso = (text: string): string => new Date(utc(text)).toISOString()
const second = (epoch: number): string => new Date(epoch * 1000).toISOString()

const hourly = (whole: Whole, point: string, from: string, to: string, said: Record<string, string> = {}): Promise<Json> =>
  whole.ask('/v1/series', { point, register: '1.8.0', from, to, ...said })

const wh = (answer: Json): number[] => answer.rows.map(({ milli }: Json) => milli / 1000)

describe('flukso', () => {
  test('A2: power per 8-s slot, computed on read from the intervals', () =>
    withWhole(async (whole) => {
      await whole.take(recordedBlock(`${FED676}/8/1404224256.gz`), recordedBlock(`${FED676}/8/1404224512.gz`))
      const raw = await whole.ask('/v1/series', { point: CLAMP, from: second(1404224511), to: second(1404224749), grid: 'intervals' })
      expect(raw.rows.map(({ end, milli, power }: Json) => [utc(end) / 1000, milli, power])).toEqual([
        [1404224539, 1000, 128.571],
        [1404224567, 1000, 128.571],
        [1404224596, 1000, 124.138],
        [1404224625, 1000, 124.138],
        [1404224655, 1000, 120],
        [1404224670, 1000, 240],
        [1404224689, 1000, 189.474],
        [1404224709, 1000, 180],
        [1404224729, 1000, 180],
        [1404224749, 1000, 180]
      ])
      // The dossier names a slot by its end; ours starts 8 s earlier.
      const slots = await whole.ask('/v1/series', { point: CLAMP, from: second(1404224512), to: second(1404224752), grid: 'PT8S' })
      const powers = new Map(slots.rows.map(({ start, power }: Json) => [utc(start) / 1000 + 8, power]))
      expect([...powers].filter(([end]) => [1404224544, 1404224656, 1404224672, 1404224696].includes(end as number))).toEqual([
        [1404224544, 128.571],
        [1404224656, 135],
        [1404224672, 227.368],
        [1404224696, 181.184]
      ])
    }))

  test('A2: slots of any grid sum to the register’s travel', () =>
    withWhole(async (whole) => {
      await whole.take(recordedBlock(`${FED676}/8/1404224256.gz`), recordedBlock(`${FED676}/8/1404224512.gz`))
      for (const grid of ['PT8S', 'PT10S', 'PT15M', 'PT1H', 'P1D', 'P1M']) {
        const { rows, summary } = await whole.ask('/v1/series', { point: CLAMP, from: '2014-07-01', to: '2014-08-01', grid })
        const first = (await whole.ask('/v1/series', { point: CLAMP, from: '2014-07-01', to: '2014-07-02', grid: 'intervals' })).rows
        const travel = (Number(first.at(-1).toValue) - Number(first[0].fromValue)) * 1000
        expect([grid, rows.reduce((sum: number, { milli }: Json) => sum + milli, 0), summary.milli]).toEqual([grid, travel, travel])
      }
    }))

  test('A20: a parent leaves children outside its span as they were, and those inside have the last word', () =>
    withWhole(async (whole) => {
      const children = [recordedBlock(`${FED676}/8/1404224256.gz`), recordedBlock(`${FED676}/8/1404224512.gz`)]
      await whole.take(...children)
      const outside = { point: CLAMP, from: second(1404224256), to: second(1404224768), grid: 'intervals' }
      const before = (await whole.ask('/v1/series', outside)).rows
      expect(before.length).toBeGreaterThan(10)
      await whole.take(recordedBlock(`${FED676}/12/1404174336.gz`), recordedBlock(`${FED676}/16/1404108800.gz`))
      const after = (await whole.ask('/v1/series', outside)).rows
      // The parents lie before: they give the first child's first reading a predecessor, and change no row that was there.
      expect(after.slice(-before.length)).toEqual(before)
    }))
})

describe('infoenergia', () => {
  const DAY_OF_25 = { total: 3250, first: '2023-10-28T22:00Z', last: '2023-10-29T23:00Z', hours: 25 }
  const DAY_OF_23 = { total: 2760, first: '2024-03-30T23:00Z', last: '2024-03-31T22:00Z', hours: 23 }
  const cases = [
    { when: 'A5: the 25-hour day', file: 'F5D_0291_0762_20231115.0', day: '2023-10-29', gives: DAY_OF_25 },
    { when: 'A6: the same with the repeated hour labelled 03:00;1', file: 'F5D_0291_0762_20231115.1', day: '2023-10-29', gives: DAY_OF_25 },
    { when: 'A7: the 23-hour day', file: 'F5D_0291_0762_20240415.0', day: '2024-03-31', gives: DAY_OF_23 },
    { when: 'A7: the same with 02:00;0', file: 'F5D_0291_0762_20240415.1', day: '2024-03-31', gives: DAY_OF_23 }
  ]
  for (const { when, file, day, gives } of cases)
    test(when, () =>
      withWhole(async (whole) => {
        const [{ readings, rejects }] = await whole.take(recordedCurve(file))
        expect(rejects).toEqual([])
        expect(readings).toBeGreaterThanOrEqual(gives.hours)
        const next = new Date(utc(`${day}T00:00Z`) + DAY).toISOString().slice(0, 10)
        const answer = await hourly(whole, HOME, day, next)
        const { rows, gaps, summary } = answer
        expect(rows.length).toBe(gives.hours)
        expect(wh(answer)).toEqual(Array.from({ length: gives.hours }, (_, i) => 10 * (i + 1)))
        expect([rows[0].start, rows.at(-1).end]).toEqual([iso(gives.first), iso(gives.last)])
        expect(gaps).toEqual([])
        expect(summary).toMatchObject({ milli: gives.total * 1000, completeness: 1, coveredMs: gives.hours * HOUR })
        const days = await hourly(whole, HOME, day, next, { grid: 'P1D' })
        expect(days.rows).toMatchObject([{ start: iso(gives.first), end: iso(gives.last), milli: gives.total * 1000, completeness: 1 }])
        const { suspects } = await whole.ask('/v1/suspects', { point: HOME })
        expect(suspects).toEqual([])
      })
    )

  test('A6 after A5 is another version of the same hours: every figure stays, nothing doubles', () =>
    withWhole(async (whole) => {
      await whole.take(recordedCurve('F5D_0291_0762_20231115.0'))
      const before = await whole.hash()
      await whole.take(recordedCurve('F5D_0291_0762_20231115.1'))
      expect(await whole.hash()).toBe(before)
    }))

  test('A5: the third hour is 30 Wh from 2023-10-29T00:00Z and explain names its file and line', () =>
    withWhole(async (whole) => {
      await whole.take(recordedCurve('F5D_0291_0762_20231115.0'))
      const explained = await whole.ask('/v1/explain', { point: HOME, register: '1.8.0', at: '2023-10-29T00:10Z' })
      expect(explained).toMatchObject({ start: iso('2023-10-29T00:00Z'), end: iso('2023-10-29T01:00Z'), sum: { milli: 30_000 }, count: 1 })
      expect(explained.intervals[0]).toMatchObject({
        rule: 'curve',
        from: null,
        to: { stored: true, value: '30', unit: 'Wh', curve: 'F5D', file: 'F5D_0291_0762_20231115.0', line: 3, source: 'infoenergia' },
        suspects: []
      })
    }))

  test('A14: 130 Wh stand, 6 lines are rejected and 1 is suspect, each with its line', () =>
    withWhole(async (whole) => {
      const name = 'F5D_0291_0762_20240201.0'
      const [{ rejects: told }] = await whole.take(recordedCurve(name))
      expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(6)
      const first = await whole.ask('/v1/explain', { point: HOME, register: '1.8.0', at: '2024-01-15T00:30+01:00' })
      expect(first).toMatchObject({ sum: { milli: 130_000 } })
      expect(first.intervals[0].to).toMatchObject({ line: 11, file: name, value: '130' })
      const { rejects } = await whole.ask('/v1/rejects')
      expect(rejects.map(({ line }: Json) => line).sort((a: number, b: number) => a - b)).toEqual([2, 3, 5, 9, 14, 16])
      for (const reject of rejects) {
        expect(reject).toMatchObject({ name, source: 'infoenergia' })
        for (const said of [reject.reason, reject.expected, reject.found, reject.advice]) expect(said).not.toBe('')
      }
      const { suspects } = await whole.ask('/v1/suspects', { point: HOME })
      expect(suspects).toMatchObject([{ reason: 'negative', line: 8, register: '1.8.0', value: '-5.000', unit: 'Wh' }])
      // The hours of lines 8 and 9 are a gap, not zeros.
      const day = await hourly(whole, HOME, '2024-01-15', '2024-01-16')
      expect(day.gaps).toContainEqual({ start: iso('2024-01-15T05:00Z'), end: iso('2024-01-15T07:00Z') })
    }))

  test('A15: on the Canaries 10:00 is an hour later than on the mainland', () =>
    withWhole(async (whole) => {
      await whole.take(recordedCurve('F5D_0031_0762_20240816.0'))
      const { points } = await whole.ask('/v1/points')
      const [{ id, zone }] = points
      expect(zone).toBe('Atlantic/Canary')
      const { rows } = await hourly(whole, id, '2024-07-15', '2024-07-16')
      expect(rows).toMatchObject([{ start: iso('2024-07-15T08:00Z'), end: iso('2024-07-15T09:00Z') }])
    }))
})

/** June and July of a made-up home, in the shape of the public file: two months, one invoice each. */
const JUNE = utc('2021-05-31T22:00Z')
const JULY = utc('2021-06-30T22:00Z')
const AUGUST = utc('2021-07-31T22:00Z')
const MADE = HOME
const figure = (start: number): number => 80 + ((start / HOUR) % 97) * 3
const SUMMER = hours(JUNE, AUGUST, figure)
const wattHours = (list: readonly { wh: number }[]): number => list.reduce((sum, hour) => sum + hour.wh, 0)

const between = (from: string, to: string) => SUMMER.filter(({ start }) => start >= utc(from) && start < utc(to))

const periodSums = (rows: readonly Json[]): Record<string, number> => {
  const sums: Record<string, number> = { P1: 0, P2: 0, P3: 0 }
  for (const { start, milli } of rows) sums[period20TD(utc(start), 'Europe/Madrid')] += milli / 1000
  return sums
}

describe('two months of hours', () => {
  test.runIf(PUBLIC_F5D !== null)('A10, A21, A22 (needs ../shared): months, tariff periods, ranges [from, to)', () =>
    withWhole(async (whole) => {
      const [{ rejects }] = await whole.take(PUBLIC_F5D!)
      expect(rejects).toEqual([])
      const june = await hourly(whole, PUBLIC, '2021-06-01', '2021-07-01')
      expect([june.rows.length, june.summary.milli, june.gaps]).toEqual([720, 169_003_000, []])
      expect(periodSums(june.rows)).toEqual({ P1: 49_003, P2: 48_002, P3: 71_998 })
      const july = await hourly(whole, PUBLIC, '2021-07-01', '2021-08-01')
      expect([july.rows.length, july.summary.milli, july.gaps]).toEqual([744, 165_004_000, []])
      expect(periodSums(july.rows)).toEqual({ P1: 55_002, P2: 48_998, P3: 61_004 })
      expect(july.rows[0].start).toBe(iso('2021-06-30T22:00Z'))
      const days = await hourly(whole, PUBLIC, '2021-06-01', '2021-06-02', { grid: 'P1D' })
      expect(days.rows).toMatchObject([{ milli: 5_696_000, completeness: 1 }])
      const months = await hourly(whole, PUBLIC, '2021-06-01', '2021-08-01', { grid: 'P1M' })
      expect(months.rows.map(({ milli }: Json) => milli)).toEqual([169_003_000, 165_004_000])
      const range = await hourly(whole, PUBLIC, '2021-07-10', '2021-07-12')
      expect([range.rows.length, range.summary.milli]).toEqual([48, 8_075_000])
    })
  )

  test('A10, A21, A22 on a made-up file of that shape', () =>
    withWhole(async (whole) => {
      await whole.take(f5d('F5D_0291_0762_20211008.0', MADE, SUMMER))
      const june = await hourly(whole, MADE, '2021-06-01', '2021-07-01')
      const july = await hourly(whole, MADE, '2021-07-01', '2021-08-01')
      expect([june.rows.length, july.rows.length]).toEqual([720, 744])
      expect(june.summary.milli).toBe(wattHours(SUMMER.filter(({ start }) => start < JULY)) * 1000)
      expect(july.rows[0].start).toBe(iso('2021-06-30T22:00Z'))
      const sums = periodSums(july.rows)
      expect(sums.P1 + sums.P2 + sums.P3).toBe(july.summary.milli / 1000)
      const months = await hourly(whole, MADE, '2021-06-01', '2021-08-01', { grid: 'P1M' })
      expect(months.rows.map(({ milli }: Json) => milli)).toEqual([june.summary.milli, july.summary.milli])
      const range = await hourly(whole, MADE, '2021-07-10', '2021-07-12')
      expect(wh(range)).toEqual(between('2021-07-09T22:00Z', '2021-07-11T22:00Z').map((hour) => hour.wh))
      expect(range.rows.at(-1).end).toBe(iso('2021-07-11T22:00Z'))
      const empty = await hourly(whole, MADE, '2022-01-01', '2022-02-01')
      expect([empty.rows, empty.summary.milli, empty.gaps.length]).toEqual([[], 0, 1])
      const csv = await whole.send('GET', `/v1/series?point=${MADE}&register=1.8.0&from=2021-07-10&to=2021-07-12&format=csv`)
      expect(csv.body.trim().split('\r\n').length).toBe(49)
    }))
})

describe('A12: hours that come late', () => {
  const LATE = { from: '2021-07-10T02:00Z', to: '2021-07-10T05:00Z' }

  const check = async (whole: Whole, point: string, whole_: number, partial: number, first: Json, second: Json) => {
    await whole.take(first as never)
    const ask = () => hourly(whole, point, '2021-07-10', '2021-07-11')
    const day = () => hourly(whole, point, '2021-07-10', '2021-07-11', { grid: 'P1D' })
    const before = await ask()
    expect(before.gaps).toEqual([{ start: iso(LATE.from), end: iso(LATE.to) }])
    expect(before.rows.length).toBe(21)
    expect(await day()).toMatchObject({
      rows: [{ milli: partial * 1000, completeness: 0.875, quality: 'PARTIAL', power: null, coveredMs: 21 * HOUR }],
      summary: { milli: partial * 1000 }
    })
    await whole.take(second as never)
    expect((await ask()).gaps).toEqual([])
    expect((await ask()).summary.milli).toBe(whole_ * 1000)
    const [full] = (await day()).rows
    expect(full).toMatchObject({ milli: whole_ * 1000, completeness: 1, coveredMs: DAY })
    expect(full.quality).not.toBe('PARTIAL')
  }

  test('on a made-up file: one gap, the day incomplete; the late rows close it and restate the day and the month', () =>
    withWhole(async (whole) => {
      const late = between(LATE.from, LATE.to)
      expect(late.length).toBe(3)
      const day = between('2021-07-09T22:00Z', '2021-07-10T22:00Z')
      const rest = SUMMER.filter((hour) => !late.includes(hour))
      await check(
        whole,
        MADE,
        wattHours(day),
        wattHours(day) - wattHours(late),
        f5d('F5D_0291_0762_20211008.0', MADE, rest),
        f5d('F5D_0291_0762_20211009.0', MADE, late)
      )
      const months = await hourly(whole, MADE, '2021-06-01', '2021-08-01', { grid: 'P1M' })
      expect(months.rows).toMatchObject([
        { completeness: 1 },
        { milli: wattHours(SUMMER.filter(({ start }) => start >= JULY)) * 1000, completeness: 1 }
      ])
      // In one go or in two: the same ledger.
      const inTwo = await whole.hash()
      await withWhole(async (other) => {
        await other.take(f5d('F5D_0291_0762_20211008.0', MADE, SUMMER))
        expect(await other.hash()).toBe(inTwo)
      })
    }))

  test.runIf(PUBLIC_F5D !== null)('on the public file (needs ../shared): 3 464 Wh become 3 786 Wh', () =>
    withWhole(async (whole) => {
      const lines = PUBLIC_F5D!.bytes.toString().split(/(?<=\n)/)
      const isLate = (line: string) => /;2021\/07\/10 0[567]:00;/.test(line)
      const [rest, late] = [lines.filter((line) => !isLate(line)), lines.filter(isLate)]
      expect(late.length).toBe(3)
      const named = (name: string, some: string[]) => ({ name, bytes: some.join('') })
      await check(whole, PUBLIC, 3786, 3464, named('F5D_0237_0762_20211008.0', rest), named('F5D_0237_0762_20211009.0', late))
    })
  )

  test('an hour that only a lower version holds keeps its value', () =>
    withWhole(async (whole) => {
      const [first, second] = between('2021-07-10T00:00Z', '2021-07-10T02:00Z')
      await whole.take(
        { name: 'F5D_0291_0762_20211008.0', bytes: [first, second].map((hour) => curveLine(MADE, hour)).join('\n') },
        { name: 'F5D_0291_0762_20211008.1', bytes: curveLine(MADE, { ...first, wh: 1 }) }
      )
      expect(wh(await hourly(whole, MADE, '2021-07-10', '2021-07-11'))).toEqual([1, second.wh])
    }))
})
