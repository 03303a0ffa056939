import { expect, test } from 'vitest'
import { encode, type Sample } from '../producers/flukso/blocks.js'
import { type Json, type Whole, withWhole } from './platform.js'

/** From the tables of the first backend to the power of a home, and on to its counters. */
const [L2, L3, PV] = ['2', '3', '4'].map((digit) => digit.repeat(32))
const MWH: Record<string, number> = { [L2]: 287, [L3]: 237, [PV]: 1788 }
/** Two blocks of 256 s; the second begins where the home's counters take over, 14:16:00 in Brussels. */
const FIRST = 1635509504
const HANDOVER = FIRST + 256
const LAST = HANDOVER + 248

const iso = (epoch: number) => new Date(epoch * 1000).toISOString()
const range = { from: iso(FIRST), to: iso(LAST) }

const table = (sensor: string): string => {
  const rows: string[] = []
  for (let ts = FIRST + 8; ts <= LAST; ts += 8) rows.push(`${sensor},2021-10-29,${iso(ts)},${MWH[sensor]}`)
  return rows.join('\n')
}

const blocks = (sensor: string) =>
  [FIRST, HANDOVER].map((bid) => {
    const samples: Sample[] = []
    for (let ts = bid; ts < bid + 256; ts += 8) samples.push([ts, 5_000_000 + ((ts - FIRST) / 8) * MWH[sensor]])
    const cfg = { id: sensor, rid: 0, type: 'electricity', subtype: sensor === PV ? 'pminus' : 'pplus', data_type: 'counter', unit: 'Wh' }
    return { name: `${sensor}/0/8/${bid}.gz`, bytes: encode({ samples, cfg }) }
  })

const home = async (whole: Whole, validFrom: string, registers: Record<string, string>) => {
  const members = Object.entries(registers).map(([sensor, register]) => ({
    point: `flukso/${sensor}`,
    register,
    ...(sensor === PV ? { prod: -1 } : { tot: 1 })
  }))
  const body = JSON.stringify({ validFrom, zone: 'Europe/Brussels', members })
  const headers = { authorization: `Bearer ${whole.platform.token}`, 'content-type': 'application/json' }
  const answer = await whole.platform.app.inject({ method: 'PUT', url: '/v1/installations/HOME_A?dryRun=false', payload: body, headers })
  expect([answer.statusCode, JSON.parse(answer.payload).applied]).toEqual([200, true])
  await whole.platform.settle()
}

const watts = async (whole: Whole, register: string): Promise<number[]> => {
  const { rows } = await whole.ask('/v1/series', { point: 'installation/HOME_A', register, grid: 'PT8S', ...range })
  return rows.map(({ power }: Json) => power)
}

test('A17: the power of the old tables is true, goes on in the counters, and is counted once where both are', () =>
  withWhole(async (whole) => {
    await home(whole, '2021-01-01', { [L2]: 'raw', [L3]: 'raw', [PV]: 'raw' })
    await whole.take({ name: 'raw.csv', bytes: `sensor_id,day,ts,power\n${[L2, L3, PV].map(table).join('\n')}\n` })
    const slots = (LAST - FIRST) / 8
    const all = async () => [await watts(whole, 'p_tot'), await watts(whole, 'p_prod'), await watts(whole, 'p_cons')]
    const wanted = [235.8, -804.6, 1040.4].map((watt) => new Array(slots).fill(watt))
    expect(await all()).toEqual(wanted)

    await whole.take(...[L2, L3, PV].flatMap(blocks))
    await home(whole, iso(HANDOVER), { [L2]: '1.8.0', [L3]: '1.8.0', [PV]: '2.8.0' })
    expect(await all()).toEqual(wanted)
    const day = { point: 'installation/HOME_A', grid: 'P1D', from: '2021-10-29', to: '2021-10-30' }
    const total = async (register: string) => (await whole.ask('/v1/series', { ...day, register })).summary.milli
    expect([await total('withdrawal'), await total('p_prod')]).toEqual([slots * 524, slots * -1788])
  }))
