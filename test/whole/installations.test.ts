import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import papa from 'papaparse'
import { describe, expect, test } from 'vitest'
import { writeTabs } from '../../infra/workbook.js'
import { recordedBlock, utc } from './files.js'
import { type Json, type Whole, withWhole } from './platform.js'

/** Installations from the bytes of blocks and of a workbook to the answers of the API. */
const RECORDED = 'test/recorded/flukso'
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
const BORNE = 'flukso/2dff3d54a32548fdef18586967ae4084'
/** The dossier's 64 slots, named by their ends, epoch seconds. */
const FIRST = 1656676352
const LAST = 1656676856
const RANGE = { from: second(FIRST - 8), to: second(LAST) }

function second(epoch: number): string {
  return new Date(epoch * 1000).toISOString()
}

const rowsOf = (file: string): Record<string, string>[] =>
  papa.parse<Record<string, string>>(readFileSync(join(RECORDED, file), 'utf8'), { header: true, skipEmptyLines: true }).data

const tabOf = (name: string, file: string) => ({
  name,
  rows: papa.parse<string[]>(readFileSync(join(RECORDED, 'synthetic/config', file), 'utf8'), { skipEmptyLines: true }).data
})

const workbook = async (version: '' | '.v2'): Promise<Buffer> =>
  writeTabs([
    tabOf('Export_InstallationSensors', `Export_InstallationSensors${version}.csv`),
    tabOf('Export_Access', 'Export_Access.csv'),
    tabOf('InstallationCaptions', 'InstallationCaptions.csv')
  ])

const enter = async (whole: Whole, bytes: Buffer, name = 'Configuration01_20220701.xlsx'): Promise<Json> => {
  const { status, body } = await whole.send('POST', `/v1/installations/workbook?dryRun=false&name=${name}`, bytes, { 'content-type': XLSX })
  expect([status, status === 200 ? '' : body]).toEqual([200, ''])
  await whole.platform.settle()
  return JSON.parse(body)
}

const blocks = () =>
  readdirSync(join(RECORDED, 'synthetic/tmpo'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.gz'))
    .sort()
    .map((name) => recordedBlock(join('synthetic/tmpo', name)))

const power = async (whole: Whole, installation: string, register: string, range: Record<string, string> = RANGE, grid = 'PT8S') =>
  whole.ask('/v1/series', { point: `installation/${installation}`, register, grid, ...range })

/** Power by the dossier's name of a slot: its end. */
const watts = async (whole: Whole, installation: string, register: string): Promise<Map<number, number | null>> => {
  const { rows } = await power(whole, installation, register)
  return new Map(rows.map(({ end, power: watt }: Json) => [utc(end) / 1000, watt]))
}

const expectPower = async (whole: Whole, config: string): Promise<void> => {
  const wanted = rowsOf('expected/installation_power.csv').filter((row) => row.config === config)
  expect(wanted.length).toBe(3 * 64)
  for (const installation of ['HOME01', 'HOME02', 'GRPA01']) {
    for (const [register, column] of Object.entries({ p_cons: 'p_cons_w', p_prod: 'p_prod_w', p_tot: 'p_tot_w' })) {
      const found = await watts(whole, installation, register)
      const told = wanted.filter((row) => row.installation === installation).map((row) => [Number(row.ts), Number(row[column])])
      expect([installation, register, [...found]]).toEqual([installation, register, told])
    }
  }
}

/** Thousandths of Wh over the 64 slots. */
const energy = async (whole: Whole, installation: string) => {
  const total = async (register: string) => (await power(whole, installation, register)).summary.milli
  const exchanged = (await power(whole, installation, 'p_tot')).rows.map(({ milli }: Json) => milli) as number[]
  const sum = (list: number[]) => list.reduce((all, each) => all + each, 0)
  return {
    e_cons_wh: (await total('p_cons')) / 1000,
    e_prod_wh: (await total('p_prod')) / 1000,
    e_tot_wh: (await total('p_tot')) / 1000,
    e_injection_wh: sum(exchanged.filter((milli) => milli < 0)) / 1000,
    e_withdrawal_wh: sum(exchanged.filter((milli) => milli > 0)) / 1000
  }
}

const ENERGY = JSON.parse(readFileSync(join(RECORDED, 'expected/energy.json'), 'utf8'))

describe.each([
  { order: 'the workbook before the blocks', before: true },
  { order: 'the blocks before the workbook', before: false }
])('$order', ({ before }) => {
  test('A7, A8, A9, A10, A11, A12', () =>
    withWhole(async (whole) => {
      if (before) await enter(whole, await workbook(''))
      await whole.take(...blocks())
      if (!before) await enter(whole, await workbook(''))

      // A7, A8, A9: all 64 slots of three installations.
      await expectPower(whole, 'v1')
      const home = async () => [
        [...(await watts(whole, 'HOME01', 'p_cons')).values()],
        [...(await watts(whole, 'HOME01', 'p_prod')).values()],
        [...(await watts(whole, 'HOME01', 'p_tot')).values()]
      ]
      const of = (at: number, lists: (number | null)[][]) => lists.map((list) => list[(at - FIRST) / 8])
      const v1 = await home()
      expect(of(1656676600, v1)).toEqual([450, -1800, -1350])
      expect(of(1656676608, v1)).toEqual([2250, -180, 2070])
      expect(of(1656676736, v1)).toEqual([448.2, 1.8, 450])
      expect([...(await watts(whole, 'HOME02', 'p_cons')).values()]).toEqual(new Array(64).fill(899.1))
      const l3 = await whole.ask('/v1/series', { point: 'flukso/7ad00255f0c863508c39d445551983b4', grid: 'PT8S', ...RANGE })
      const interpolated = l3.rows.filter(({ end }: Json) => utc(end) / 1000 >= 1656676688 && utc(end) / 1000 <= 1656676728)
      expect(interpolated.map(({ power: watt }: Json) => watt)).toEqual(new Array(6).fill(399.6))

      // A10
      for (const installation of ['HOME01', 'HOME02', 'GRPA01']) expect(await energy(whole, installation)).toEqual(ENERGY.v1[installation])
      // Days are the sums of their slots, and tell withdrawal and injection apart.
      const day = { from: '2022-07-01', to: '2022-07-02' }
      for (const installation of ['HOME01', 'GRPA01']) {
        const slots = (await power(whole, installation, 'p_tot', day)).rows.map(({ milli }: Json) => milli) as number[]
        const sum = (list: number[]) => list.reduce((all, each) => all + each, 0)
        const total = async (register: string) => (await power(whole, installation, register, day, 'P1D')).rows[0].milli
        expect(await total('p_tot')).toBe(sum(slots))
        expect(await total('withdrawal')).toBe(sum(slots.filter((milli) => milli > 0)))
        expect(await total('injection')).toBe(-sum(slots.filter((milli) => milli < 0)))
      }

      // A12: another rid is another meter.
      const { rows: borne } = await whole.ask('/v1/series', {
        point: BORNE,
        grid: 'PT8S',
        from: second(1656676584),
        to: second(1656676624)
      })
      const ends = new Map(borne.map(({ end, power: watt }: Json) => [utc(end) / 1000, watt]))
      expect([ends.get(1656676608) ?? null, ends.get(1656676616)]).toEqual([null, 450])

      // A11: other signs of the clamp at the panels.
      const changed = await enter(whole, await workbook('.v2'))
      expect(changed.changes.map(({ installation }: Json) => installation).sort()).toEqual(['GRPA01', 'HOME01'])
      await expectPower(whole, 'v2')
      for (const installation of ['HOME01', 'HOME02', 'GRPA01']) expect(await energy(whole, installation)).toEqual(ENERGY.v2[installation])

      // What is made again from the topics is the same, installations and all.
      const hashes = await whole.platform.hash()
      expect([...hashes.keys()].filter((key) => key.startsWith('installation/')).length).toBeGreaterThan(0)
      const { status, body } = await whole.send('POST', '/v1/replay/verify')
      expect([status, JSON.parse(body).differences ?? body]).toEqual([200, []])
    }))
})

test('every figure of an installation is explained by its members, to the last digit', () =>
  withWhole(async (whole) => {
    await enter(whole, await workbook(''))
    await whole.take(...blocks())
    const explain = (installation: string, register: string, at: number, grid: string): Promise<Json> =>
      whole.ask('/v1/explain', { point: `installation/${installation}`, register, at: second(at), grid })
    // A7: -1350 W of 8 s are 450 W that are used less 1800 W of the panels.
    const { figure, sum, made } = await explain('HOME01', 'p_tot', 1656676600 - 8, 'PT8S')
    expect([figure.power, sum.milli, made.length]).toEqual([-1350, -3000, 1])
    const told = made[0].members.map(({ label, factor, kwh, known }: Json) => [label, factor, kwh, known])
    expect(made[0]).toMatchObject({ slots: 1, whole: 1, counted: 1, kwh: '-0.003000000', others: null })
    expect(told.reduce((total: number, [, , kwh]: [string, number, string]) => total + Math.round(Number(kwh) * 1e9), 0)).toBe(-3_000_000)
    for (const [grid, registers] of Object.entries({
      PT8S: ['p_tot', 'p_prod', 'p_cons'],
      PT1M: ['p_tot', 'p_prod', 'p_cons'],
      PT15M: ['p_tot', 'p_cons', 'withdrawal', 'injection'],
      PT1H: ['p_tot', 'withdrawal', 'injection'],
      P1D: ['p_tot', 'p_prod', 'p_cons', 'withdrawal', 'injection', 'p_cons.low', 'p_prod.high']
    }))
      for (const register of registers)
        for (const installation of ['HOME01', 'GRPA01']) {
          const answer = await explain(installation, register, FIRST + 256, grid)
          expect([installation, register, grid, answer.sum.milli]).toEqual([installation, register, grid, answer.figure.milli])
          expect(answer.made[0].members.length).toBeGreaterThan(1)
        }
    // Half of a slot is in one minute, and half in the next: none of them lacks anything.
    const minutes = (await power(whole, 'HOME01', 'p_tot', { from: second(FIRST + 60), to: second(LAST - 60) }, 'PT1M')).rows
    expect(minutes.map(({ coveredMs, quality }: Json) => [coveredMs, quality])).toEqual(minutes.map(() => [60_000, 'RAW']))
    expect(minutes.length).toBeGreaterThan(4)
    const month = await whole.send('GET', `/v1/explain?point=installation/HOME01&register=p_tot&at=${second(FIRST)}&grid=P1M`)
    expect([month.status, JSON.parse(month.body).error.message]).toEqual([413, expect.stringContaining('--grid P1D')])
  }))

test('the slot that a late block completes, and no other, has another revision', () =>
  withWhole(async (whole) => {
    await enter(whole, await workbook(''))
    const all = blocks()
    const late = all.filter(({ name }) => name.includes('7ad00255f0c863508c39d445551983b4') && name.includes('1656676608'))
    expect(late.length).toBe(1)
    await whole.take(...all.filter((block) => !late.includes(block)))
    const missing = await watts(whole, 'HOME02', 'p_tot')
    expect([...missing].filter(([, watt]) => watt === null).map(([at]) => at)[0]).toBeLessThanOrEqual(1656676616)
    const first = await watts(whole, 'HOME01', 'p_tot')
    await whole.take(...late)
    await expectPower(whole, 'v1')
    expect(await watts(whole, 'HOME01', 'p_tot')).toEqual(first)
  }))
