import { describe, expect, test } from 'vitest'
import type { Parsed, Payload } from '../../../producers/contract.js'
import { instantOf, powerOf, SCALE_MENDED_AT } from '../../../producers/flukso-tables/figures.js'
import { fluksoTables } from '../../../producers/flukso-tables/source.js'
import { sources } from '../../../producers/index.js'
import type { Readings, Reject } from '../../../schemas/generated.js'
import { Quality } from '../../../schemas/quality.js'
import { type Json, withWhole } from '../../whole/platform.js'
import { encode } from '../flukso/blocks.js'

const A = 'a'.repeat(32)
const B = 'b'.repeat(32)

const parse = async (text: string, name = 'raw.csv'): Promise<{ readings: Readings[]; rejects: Reject[] }> => {
  const bytes = Buffer.from(text)
  const payload: Payload = {
    name,
    origin: '0'.repeat(64),
    receivedAt: Date.UTC(2026, 0, 1),
    bytes: bytes.length,
    open: async function* () {
      yield bytes
    }
  }
  const all: Parsed[] = []
  for await (const parsed of fluksoTables.parse(payload)) all.push(parsed)
  return { readings: all.flatMap(({ readings }) => readings), rejects: all.flatMap(({ rejects }) => rejects) }
}
const watts = ({ value, scale }: Readings): number[] => value.map((joules) => joules / 10 ** scale / 8)

test('recognised by its header, whatever it is called, and packed by its name', () => {
  const whose = (name: string, head: string) => sources.find((source) => source.recognises(name, Buffer.from(head)))?.name
  expect(whose('x.csv', 'sensor_id,day,ts,config_id,insertion_time,power\n')).toBe('flukso-tables')
  expect(whose('x.csv', '\uFEFF"home_id","day","ts","p_cons"')).toBe('flukso-tables')
  expect(whose('x.csv', 'home_id, day, ts, p_cons, p_prod, p_tot')).toBe('flukso-tables')
  expect(whose('backup/raw-2022.csv.gz', '\u001f\u008b')).toBe('flukso-tables')
  expect(whose('x.csv', 'sensor;day;ts')).toBeUndefined()
})

describe('A17: the scale of the first years', () => {
  test('287, 237 and 1788 of 2021-10-29 14:15:44 are 129.15, 106.65 and 804.6 W, and 287, 237 and 1788 mWh', async () => {
    const text = ['287', '237', '1787.9999999'].map((power, i) => `${String(i).repeat(32)},2021-10-29,2021-10-29 12:15:44,${power}`)
    const { readings } = await parse(`sensor_id,day,ts,power\n${text.join('\n')}\n`)
    expect(readings.flatMap(watts)).toEqual([129.15, 106.65, 804.6])
    expect(readings.map(({ unit, value }) => [unit, value])).toEqual([
      ['J', [103_320_000]],
      ['J', [85_320_000]],
      ['J', [643_680_000]]
    ])
  })

  test('until the day it was mended, and not after', async () => {
    const at = (ms: number) => new Date(ms).toISOString()
    const { readings } = await parse(
      `sensor_id,day,ts,power\n${A},d,${at(SCALE_MENDED_AT - 8000)},1000\n${A},d,${at(SCALE_MENDED_AT)},450.1\n`
    )
    expect(watts(readings[0])).toEqual([450, 450.1])
  })
})

test('NaN is no data, never zero', async () => {
  const { readings } = await parse(
    `sensor_id,day,ts,power\n${A},d,2024-01-01 00:00:00,0.0\n${A},d,2024-01-01 00:00:08,NaN\n${A},d,2024-01-01 00:00:16,\n`
  )
  expect(readings).toHaveLength(1)
  expect(readings[0]).toMatchObject({ point: `flukso/${A}`, register: 'raw', kind: 'INTERVAL', rows: 3, span: [8000, 8000, 8000] })
  expect(readings[0].quality).toEqual([Quality.RAW, Quality.NO_DATA, Quality.NO_DATA])
  expect(readings[0].at[0]).toBe(Date.UTC(2024, 0, 1))
})

test('an installation: what it drew and fed in apart, production as a positive amount', async () => {
  const { readings, rejects } = await parse(
    'home_id,day,ts,config_id,insertion_time,p_cons,p_prod,p_tot\n' +
      'CDB1,2024-01-01,2024-01-01 00:00:08.000000+0000,x,y,450,-1800,-1350\nCDB1,2024-01-01,2024-01-01 00:00:16.000000+0000,x,y,2250,-180,2070\n'
  )
  expect(rejects).toEqual([])
  expect(readings.map((block) => [block.point, block.register, watts(block)])).toEqual([
    ['flukso-power/CDB1', 'consumption', [450, 2250]],
    ['flukso-power/CDB1', 'production', [1800, 180]],
    ['flukso-power/CDB1', 'withdrawal', [0, 2070]],
    ['flukso-power/CDB1', 'injection', [1350, 0]]
  ])
})

test('each line that cannot be read is said with its line, field and mend, and costs no other', async () => {
  const { readings, rejects } = await parse(
    `sensor_id,day,ts,power\n${A},d,2024-01-01 00:00:08,1\nnobody,d,2024-01-01 00:00:08,1\n${A},d,yesterday,1\n${A},d,2024-01-01 00:00:16,1.23456\n${A},d\n${A},d,2024-01-01 00:00:24,2\n`
  )
  expect(readings.flatMap(watts)).toEqual([1, 2])
  expect(readings[0].line).toEqual([2, 7])
  expect(rejects.map(({ line, field, reason }) => [line, field, reason])).toEqual([
    [3, 'sensor_id', 'id'],
    [4, 'ts', 'time'],
    [5, 'power', 'not-a-power'],
    [6, '', 'columns']
  ])
})

test('another kind of file is one reject that says how to export', async () => {
  const { rejects } = await parse('a,b,c\n1,2,3\n')
  expect(rejects).toEqual([expect.objectContaining({ reason: 'wrong-format', line: 0, advice: expect.stringContaining('HEADER = TRUE') })])
  expect((await parse('')).rejects.map(({ reason }) => reason)).toEqual(['empty-file'])
})

test('figures and times as the tables print them', () => {
  expect(['450.1', '450.10001', '283.99999998509884', '-0.4', '1.8e3', '0.0', '12345.599609375'].map(powerOf)).toEqual([
    4_501_000, 4_501_000, 2_840_000, -4_000, 18_000_000, 0, 123_456_000
  ])
  expect(['NaN', 'nan', '', 'null'].map(powerOf)).toEqual([null, null, null, null])
  expect(['1,5', '0x10', 'Infinity', '1e30', '1e9'].map(powerOf)).toEqual([undefined, undefined, undefined, undefined, undefined])
  const noon = Date.UTC(2022, 6, 1, 12)
  const spellings = ['2022-07-01 12:00:00', '2022-07-01T12:00:00Z', '2022-07-01 14:00:00+0200', '2022-07-01 12:00:00.000000+00:00']
  expect(spellings.map(instantOf)).toEqual(spellings.map(() => noon))
  expect(['2022-13-01 12:00:00', '2022-07-01', 'now'].map(instantOf)).toEqual([null, null, null])
})

/** Powers of a sensor as the tables have them. */
const rowsOf = (sensor: string, fromS: number, powers: readonly number[]) =>
  powers.map((power, i) => `${sensor},d,${new Date((fromS + (i + 1) * 8) * 1000).toISOString()},${power}`).join('\n')

test('through the whole path: exact energy, once however often it comes, and nothing twice beside the counter of the same time', () =>
  withWhole(async ({ take, ask, platform }) => {
    const bid = Math.floor(Date.UTC(2021, 9, 29, 12) / 256_000) * 256
    const powers = [287, 237, 1788, 0, 1]
    const shown: [number, number][] = [[bid, 1_000_000]]
    for (const [i, milli] of powers.entries()) shown.push([bid + (i + 1) * 8, shown[i][1] + milli])
    const cfg = { id: A, rid: 0, type: 'electricity', subtype: 'pplus', data_type: 'counter', unit: 'Wh' }
    const table = { name: 'raw.csv', bytes: `sensor_id,day,ts,power\n${rowsOf(A, bid, powers)}\n${rowsOf(B, bid, [5])}\n` }
    const block = { name: `${A}/0/8/${bid}.gz`, bytes: encode({ samples: shown, cfg }) }
    const total = async (register: string) => {
      const query = { point: `flukso/${A}`, register, from: '2021-10-29', to: '2021-10-30', grid: 'P1D' }
      return (await ask('/v1/series', query)).summary.milli
    }
    const [read] = await take(table)
    expect(read).toMatchObject({ source: 'flukso-tables', readings: 6, rejects: [] })
    expect(await total('raw')).toBe(2313)
    await take(block)
    expect([await total('raw'), await total('1.8.0')]).toEqual([2313, 2313])
    const before = await platform.hash()
    const [again] = await take(table)
    const [renamed] = await take({ ...table, name: 'raw-again.csv' })
    expect([again.already, renamed.already]).toEqual([true, true])
    // Rows of one export that another one has as well.
    await take({ name: 'raw-2.csv', bytes: `sensor_id,day,ts,power\n${rowsOf(A, bid, powers)}\n` })
    expect(await platform.hash()).toEqual(before)
    expect([await total('raw'), await total('1.8.0')]).toEqual([2313, 2313])
    expect((await ask('/v1/suspects', { point: `flukso/${A}`, register: 'raw' })).suspects).toEqual([])
  }))

test('a power that is no whole number of mWh gives the very mWh it was rounded from', () =>
  withWhole(async ({ take, ask }) => {
    const start = Date.UTC(2024, 0, 1) / 1000
    const counted = Array.from({ length: 400 }, (_, i) => (i * 37) % 2501)
    const rounded = counted.map((milli) => Math.round(milli * 4.5) / 10)
    await take({ name: 'raw.csv', bytes: `sensor_id,day,ts,power\n${rowsOf(A, start, rounded)}\n` })
    const query = { point: `flukso/${A}`, register: 'raw', from: '2024-01-01', to: '2024-01-02', grid: 'intervals' }
    const { rows } = await ask('/v1/series', query)
    expect(rows.map(({ milli }: Json) => milli)).toEqual(counted)
  }))
