import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSensorTokens } from '../../infra/sensor-tokens.js'
import { openPlatform } from '../../main.js'
import { Flukso } from '../../schemas/settings-flukso.js'
import { edge, encode } from '../producers/flukso/blocks.js'
import { serveTmpo, type TmpoService } from '../producers/flukso/tmpo-server.js'
import { until } from './child.js'
import { RECORDED, sidOf } from './files.js'
import { type Json, openWhole, settingsFor, temporary, type Whole } from './platform.js'

/** Fluksometers that are asked over HTTP, from a service that answers by the vendor's rule to the answers of our API. */
const TOKEN = 'fedcba9876543210'.repeat(2)
const BORNE = '2dff3d54a32548fdef18586967ae4084'
const WATER = 'd9e10432c8ed17f60822208170da10a0'
const CLAMP = 'fed676021dacaaf6a12a8dda7685be34'
const second = (epoch: number): string => new Date(epoch * 1000).toISOString()

let service: TmpoService
let whole: Whole
beforeEach(async () => {
  service = await serveTmpo()
})
afterEach(async () => {
  await whole.close()
  await service.close()
})

/** What is recorded of a sensor, but for what is left out. */
const serve = (group: string, sid: string, wanted: (key: string) => boolean = () => true): void => {
  const folder = join(RECORDED, 'flukso', group, sid)
  const blocks = new Map<string, Buffer>()
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const key = file.replace(/\.gz$/, '')
    if (file.endsWith('.gz') && wanted(key)) blocks.set(key, readFileSync(join(folder, file)))
  }
  service.sensors.set(sid, { token: TOKEN, blocks })
}

const begin = async (folder: string, sensors: object[] = []): Promise<string[]> => {
  const said: string[] = []
  whole = await openWhole(folder, { flukso: Flukso.parse({ http: { url: service.url, everyMinutes: 0.05, sensors } }) })
  whole.platform.watch([], (result) => {
    if ('said' in result) said.push(result.said)
    else said.push('error' in result ? (result.error as Error).message : JSON.stringify(result))
  })
  return said
}
const fine = (sensors: number): Promise<void> =>
  until(async () => {
    const { sensors: all } = await whole.ask('/v1/sensors')
    expect(all.filter(({ state }: Json) => state === 'fine').length).toBe(sensors)
  })
const rows = async (sid: string, from: number, to: number, more: Record<string, string> = {}): Promise<Json[]> => {
  await whole.platform.settle()
  const answer = await whole.ask('/v1/series', { point: `flukso/${sid}`, from: second(from), to: second(to), grid: 'intervals', ...more })
  return answer.rows
}

const EDGE_SENSOR = '643fe7272fe30fb7c8eb43867a608c58'
/** An edge file whose header says another sensor; what cannot be unpacked says none. */
const ofSensor = (bytes: Buffer, sid: string): Buffer => {
  try {
    return gzipSync(gunzipSync(bytes).toString().replace(EDGE_SENSOR, sid))
  } catch {
    return bytes
  }
}

const withTokens = (sids: readonly string[]): string => {
  const folder = temporary()
  openSensorTokens(folder).put(new Map(sids.map((sid) => [sid, TOKEN])))
  return folder
}

describe('Fluksometers over HTTP', () => {
  test('a token that is pasted is asked for in the next round, without a restart; one that is taken away is not', async () => {
    const folder = temporary()
    service.sensors.set(CLAMP, { token: TOKEN, blocks: new Map([['0/8/1404224256', encode({ samples: [[1404224256, 1000]] })]]) })
    await begin(folder)
    const paste = async (token: string) =>
      JSON.parse(
        (await whole.send('POST', '/v1/sensors', JSON.stringify({ sensor: CLAMP, token }), { 'content-type': 'application/json' })).body
      )
    expect(await paste(TOKEN.replace('f', '0'))).toMatchObject({ was: 'none', asks: 'here', sensor: { state: 'new' } })
    const stateOf = async () => (await whole.ask('/v1/sensors')).sensors.map(({ state, detail }: Json) => [state, detail])
    await until(async () => expect(await stateOf()).toEqual([['refused', 'status 401']]))
    expect((await paste(TOKEN)).was).toBe('another')
    await until(async () => expect(await stateOf()).toEqual([['fine', '']]))
    expect(statSync(join(folder, 'sensor-tokens.json')).mode & 0o777).toBe(0o600)
    expect((await whole.send('DELETE', `/v1/sensors/${CLAMP}`)).status).toBe(200)
    expect(await stateOf()).toEqual([])
    const asked = service.asks.length
    await new Promise((resolve) => setTimeout(resolve, 8_000))
    // A round that was on its way may still end.
    expect(service.asks.length - asked).toBeLessThanOrEqual(1)
  })

  test('processes that ask nobody say so', async () => {
    whole = await openWhole(temporary())
    expect(await whole.ask('/v1/sensors')).toMatchObject({ asks: 'off', sensors: [] })
    const http = { flukso: Flukso.parse({ http: { url: service.url } }) }
    const cast = { producers: false, processors: [], sinks: [], api: 'everyone' } as const
    const api = await openPlatform({ ...settingsFor(temporary()), ...http }, { cast })
    const { payload } = await api.app.inject({ url: '/v1/sensors', headers: { authorization: `Bearer ${api.token}` } })
    expect(JSON.parse(payload)).toMatchObject({ asks: 'elsewhere', everyMinutes: 5 })
    await api.close()
  })

  test('A12: another rid is another counter: nothing between its first reading and the old one’s last, then 450 W', async () => {
    serve('synthetic/tmpo', BORNE)
    await begin(withTokens([BORNE]))
    await fine(1)
    const shown = await rows(BORNE, 1656676576, 1656676640, { grid: 'PT8S' })
    const power = new Map(shown.map((row) => [Date.parse(row.start) / 1000 + 8, row.power]))
    expect([power.get(1656676600), power.get(1656676608) ?? null, power.get(1656676616), power.get(1656676624)]).toEqual([
      expect.any(Number),
      null,
      450,
      450
    ])
    const told = await rows(BORNE, 1656676500, 1656676700)
    expect(told.some((row) => Date.parse(row.start) / 1000 < 1656676608 && Date.parse(row.end) / 1000 >= 1656676608 && row.milli > 0)).toBe(
      false
    )
  })

  test('A1, A2, A4: the vendor’s clamp: clean blocks and repaired ones give the stated power; the invalid one is told', async () => {
    serve('real/flukso-tmpo', CLAMP, (key) => key.startsWith('0/8/') || key === '0/16/1404108800' || key === '0/20/1402994688')
    const said = await begin(withTokens([CLAMP]))
    await fine(1)
    const raw = await rows(CLAMP, 1404224511, 1404224749)
    expect(raw.map((row) => [Date.parse(row.end) / 1000, row.milli, row.power]).slice(0, 3)).toEqual([
      [1404224539, 1000, 128.571],
      [1404224567, 1000, 128.571],
      [1404224596, 1000, 124.138]
    ])
    const { rejects } = await whole.ask('/v1/rejects')
    expect(rejects.map(({ reason, name }: Json) => [reason, name])).toEqual([['json-invalid', `${CLAMP}/0/20/1402994688.gz`]])
    expect(said.join()).toContain('json-invalid')
  })

  test('A3: a gas pulse counter: 10 L in 40 s is 900 L/h, in litres all the way', async () => {
    const sid = sidOf(3)
    const samples = [911, 951, 977, 997, 1014].map((at, i): [number, number] => [1404224000 + at, (1066700 + 10 * i) * 1000])
    const bytes = encode({ samples, cfg: { id: sid, rid: 0, type: 'gas', class: 'pulse', data_type: 'counter' } })
    service.sensors.set(sid, { token: TOKEN, blocks: new Map([['0/8/1404224768', bytes]]) })
    await begin(withTokens([sid]))
    await fine(1)
    const shown = await rows(sid, 1404224768, 1404225024, { register: 'gas' })
    const litresPerHour = shown.map((row) => (row.milli * 3600) / (Date.parse(row.end) - Date.parse(row.start)))
    expect([shown.length, litresPerHour[0], litresPerHour[0] * 24]).toEqual([4, 900, 21600])
  })

  test('A5: each edge file under a sensor of its own: read, repaired or rejected with its reason, and none disturbs another', async () => {
    const edges: Record<string, { reason?: string; milli?: number[] }> = {
      'single-sample': { milli: [] },
      truncated: { reason: 'gzip-corrupt' },
      empty: { reason: 'not-gzip' },
      'not-gzip': { reason: 'not-gzip' },
      'null-delta': { reason: 'non-numeric-delta' },
      'tail-mismatch': { reason: 'tail-mismatch' },
      'out-of-span': { reason: 'out-of-span' },
      'non-monotonic-time': { reason: 'time-not-increasing' },
      'key-order-whitespace': {},
      'long-fraction': { milli: [504, 505, 504] },
      'junction-duplicated-l12': {}
    }
    const names = [...Object.keys(edges), 'reset-same-rid']
    const sids = new Map(names.map((name, i) => [name, sidOf(50 + i)]))
    for (const [name, sid] of sids) {
      const level = name.endsWith('-l12') ? 12 : 8
      service.sensors.set(sid, { token: TOKEN, blocks: new Map([[`0/${level}/1656676352`, ofSensor(edge(name), sid)]]) })
    }
    await begin(withTokens([...sids.values()]))
    await fine(sids.size)
    await whole.platform.settle()
    const { rejects } = await whole.ask('/v1/rejects')
    const found = new Map(rejects.map(({ name, reason }: Json) => [name.slice(0, 32), reason]))
    for (const [name, { reason, milli }] of Object.entries(edges)) {
      const sid = sids.get(name) as string
      expect([name, found.get(sid)]).toEqual([name, reason])
      if (milli) expect((await rows(sid, 1656676352, 1656676608)).map((row) => row.milli)).toEqual(milli)
    }
    const reset = await rows(sids.get('reset-same-rid') as string, 1656676352, 1656676608)
    expect(reset.map(({ rule, op, power }) => [rule, op, power])).toEqual([
      ['counter', 'put', 225],
      ['reset', 'unknown', null],
      ['counter', 'put', 225]
    ])
  }, 60_000)

  test('tokens that the settings name: one that is not there, or is none, is told once and keeps nobody from the others', async () => {
    serve('synthetic/tmpo', WATER)
    const folder = temporary()
    const [good, odd, missing] = ['good', 'odd', 'missing'].map((name) => join(folder, name))
    writeFileSync(good, `${TOKEN}\n`)
    writeFileSync(odd, 'no token at all')
    const said = await begin(folder, [
      { sensor: WATER, token: { file: good } },
      { sensor: BORNE, token: { file: odd } },
      { sensor: CLAMP, token: { file: missing } }
    ])
    await fine(1)
    await until(async () => expect(service.asks.length).toBeGreaterThan(3))
    expect(said.filter((line) => line.startsWith('flukso.http.sensors'))).toEqual([
      `flukso.http.sensors, ${BORNE}: what stands where its token is said to be is not 32 hex digits.`,
      `flukso.http.sensors, ${CLAMP}: the file ${missing}, where the settings say it is, cannot be read.`
    ])
    expect((await whole.ask('/v1/sensors')).sensors.map(({ sensor }: Json) => sensor)).toEqual([WATER])
  })

  test('a restart asks from where it was, and history grows by what is new', async () => {
    serve('synthetic/tmpo', WATER)
    const folder = withTokens([WATER])
    await begin(folder)
    await fine(1)
    const before = await rows(WATER, 1656670000, 1656680000)
    expect(before.length).toBeGreaterThan(0)
    await whole.platform.close()
    service.asks.length = 0
    await begin(folder)
    await fine(1)
    expect(service.asks[0].path).toBe(`/sensor/${WATER}/tmpo/sync?rid=0&lvl=8&bid=1656676352`)
    expect(service.asks.every(({ path }) => path.includes('/sync?'))).toBe(true)
    expect(await rows(WATER, 1656670000, 1656680000)).toEqual(before)
  })

  test('a refused token: an alert of its point, its state for administrators, other sensors as ever; put right, the alert ends', async () => {
    serve('synthetic/tmpo', WATER)
    serve('synthetic/tmpo', BORNE)
    const folder = withTokens([WATER, BORNE])
    const wrong = '0123456789abcdef'.repeat(2)
    openSensorTokens(folder).put(new Map([[BORNE, wrong]]))
    await begin(folder)
    await until(async () => {
      const { sensors } = await whole.ask('/v1/sensors')
      expect(sensors.map(({ sensor, state, detail }: Json) => [sensor, state, detail])).toEqual([
        [BORNE, 'refused', 'status 401'],
        [WATER, 'fine', '']
      ])
    })
    await whole.platform.settle()
    const alerts = async () => (await whole.ask('/v1/alerts', { active: 'true' })).alerts
    expect((await alerts()).map(({ rule, subject, text }: Json) => [rule, subject, text])).toEqual([
      ['block-rejected', `flukso/${BORNE}`, `The sensor ${BORNE} could not be read wholly: token-refused.`]
    ])
    const { body } = await whole.send('GET', '/metrics')
    expect(body).toContain('wattledger_flukso_sensors{state="refused"} 1')
    expect(body).not.toContain(wrong)
    openSensorTokens(folder).put(new Map([[BORNE, TOKEN]]))
    await fine(2)
    await whole.platform.settle()
    expect(await alerts()).toEqual([])
  }, 60_000)
})
