import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Mosquitto, type MosquittoOptions, mosquittoPath, startMosquitto } from '../../infra/local/mosquitto.js'
import type { Latest } from '../../infra/store.js'
import { FluksoListener, type ListenRooms } from '../../producers/flukso/mqtt.js'
import type { Readings } from '../../schemas/generated.js'
import type { FluksoBroker } from '../../schemas/settings-flukso.js'
import { recorded } from '../producers/flukso/blocks.js'
import { until } from '../whole/child.js'
import { type Json, openWhole } from '../whole/platform.js'

const CLAMP = 'b4524c86c05674eddf39c121532749e3'
const WATER = 'd9e10432c8ed17f60822208170da10a0'
const DEVICE = '7a31b055e9823040842867690f78b646'
const LINES = recorded('synthetic/mqtt/messages.ndjson')
  .toString()
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { topic: string; payload: string; retain: boolean })

const hasOpenssl = (() => {
  try {
    return execFileSync('openssl', ['version']).length > 0
  } catch {
    return false
  }
})()

let folder: string
let stopping: AbortController
let running: { stop(): Promise<void> }[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-mqtt-'))
  stopping = new AbortController()
  running = []
})
afterEach(async () => {
  stopping.abort()
  for (const each of running.reverse()) await each.stop()
  rmSync(folder, { recursive: true, force: true })
})

const broker = async (options: MosquittoOptions = {}): Promise<Mosquitto> => {
  const started = await startMosquitto(join(folder, 'mosquitto'), options)
  running.push(started)
  return started
}

const device = async ({ url }: Mosquitto, more: object = {}): Promise<MqttClient> => {
  const client = await connectAsync(url, { reconnectPeriod: 100, ...more })
  running.push({ stop: () => client.endAsync(true) })
  return client
}

interface Listening {
  heard: Readings[]
  counts: Record<string, number>
  said: string[]
  ended: Promise<void>
}

const listen = (settings: FluksoBroker, more: Partial<ListenRooms> = {}): Listening => {
  const heard: Readings[] = []
  const counts: Listening['counts'] = {}
  const said: string[] = []
  const listener = new FluksoListener(settings, {
    publish: async ({ readings }) => heard.push(...readings),
    store: { latest: async () => [] },
    resolve: (native) => native,
    count: (what) => {
      counts[what] = (counts[what] ?? 0) + 1
    },
    report: (result) => said.push('said' in result ? result.said : (result.error as Error).message),
    now: Date.now,
    signal: stopping.signal,
    ...more
  })
  const ended = listener.run()
  running.push({ stop: () => ended })
  return { heard, counts, said, ended }
}

const connected = ({ said }: Listening, times = 1) =>
  until(async () => expect(said.filter((line) => line.startsWith('Connected')).length).toBeGreaterThanOrEqual(times))
const at = ({ point, at: [ms] }: Readings): string => `${point.slice(7, 11)} ${ms / 1000}`

describe.skipIf(mosquittoPath() === null)('Fluksometers heard over MQTT (skipped without mosquitto)', () => {
  test('A19 through a broker: what is retained and what is sent, the settings first; two left out and told', async () => {
    const { url } = await broker()
    const client = await device({ url } as Mosquitto)
    for (const { topic, payload, retain } of LINES.filter((line) => line.retain)) await client.publishAsync(topic, payload, { retain })
    const it = listen({ url })
    await connected(it)
    for (const { topic, payload, retain } of LINES.filter((line) => !line.retain))
      await client.publishAsync(topic, payload, { retain, qos: 1 })
    await until(async () => expect(it.heard.length).toBe(6))
    await until(async () => expect(it.counts).toEqual({ config: 1, counter: 3, gauge: 3, 'no-value': 1, 'not-json': 1 }))
    expect(it.heard.filter(({ register }) => register === '1.8.0').map(at)).toEqual(['b452 1656676352', 'b452 1656676360'])
    expect(it.said.slice(1)).toEqual([
      `A message on /sensor/${CLAMP}/gauge is left out: no-value. Others like it are counted in /metrics.`,
      `A message on /sensor/${CLAMP}/counter is left out: not-json. Others like it are counted in /metrics.`
    ])
  })

  test('what is retained comes again with every connection, and is counted, not stored', async () => {
    const first = await broker()
    const port = Number(new URL(first.url).port)
    const client = await device(first)
    const payload = '[1656676352,5210045,"Wh"]'
    await client.publishAsync(`/sensor/${CLAMP}/counter`, payload, { retain: true })
    const it = listen({ url: first.url, name: 'cellar' })
    await connected(it)
    await until(async () => expect(it.heard.length).toBe(1))
    await first.stop()
    await until(async () => expect(it.said.some((line) => line.includes('trying again'))).toBe(true))
    const again = await broker({ port })
    const other = await device(again)
    await other.publishAsync(`/sensor/${CLAMP}/counter`, payload, { retain: true, qos: 1 })
    await connected(it, 2)
    await until(async () => expect(it.counts.retained ?? it.counts.repeated).toBeGreaterThanOrEqual(1))
    await other.publishAsync(`/sensor/${CLAMP}/counter`, '[1656676360,5210046,"Wh"]', { retain: true, qos: 1 })
    await until(async () => expect(it.heard.map(at)).toEqual(['b452 1656676352', 'b452 1656676360']))
  }, 60_000)

  test('a rid that changes while it runs is another counter from then on', async () => {
    const it = await broker()
    const client = await device(it)
    const config = (rid: number) => JSON.stringify({ 1: { id: CLAMP, rid, type: 'electricity', subtype: 'pplus', enable: 1 } })
    await client.publishAsync(`/device/${DEVICE}/config/sensor`, config(0), { retain: true })
    const heard = listen({ url: it.url })
    await connected(heard)
    await client.publishAsync(`/sensor/${CLAMP}/counter`, '[1656676600, 5, "Wh"]', { qos: 1 })
    await client.publishAsync(`/device/${DEVICE}/config/sensor`, config(1), { retain: true, qos: 1 })
    await client.publishAsync(`/sensor/${CLAMP}/counter`, '[1656676608, 0, "Wh"]', { qos: 1 })
    await until(async () => expect(heard.heard.map(({ device: of }) => of)).toEqual([`${CLAMP}/0`, `${CLAMP}/1`]))
  })

  test('a ledger that is away: what is heard waits, in order, and nothing is lost', async () => {
    const it = await broker()
    const client = await device(it)
    let away = 2
    const stored: string[] = []
    const heard = listen(
      { url: it.url },
      {
        publish: async ({ readings }) => {
          if (away-- > 0) throw new Error('the log is away')
          stored.push(...readings.map(at))
        }
      }
    )
    await connected(heard)
    const seconds = Array.from({ length: 200 }, (_, i) => 1656676352 + 8 * i)
    for (const second of seconds) await client.publishAsync(`/sensor/${CLAMP}/counter`, `[${second}, ${second}, "Wh"]`, { qos: 1 })
    await until(async () => expect(stored).toEqual(seconds.map((second) => `b452 ${second}`)))
    expect(heard.said.filter((line) => line === 'the log is away').length).toBe(1)
  })

  test('a sensor nobody describes goes on in the register that the ledger has of it', async () => {
    const it = await broker()
    const client = await device(it)
    const known = { register: 'water', kind: 'COUNTER', unit: 'L', device: `${WATER}/2` } as Latest
    const heard = listen({ url: it.url }, { store: { latest: async () => [known] } })
    await connected(heard)
    await client.publishAsync(`/sensor/${WATER}/counter`, '[1656676355, 1200.500, "L"]', { qos: 1 })
    await until(async () => expect(heard.heard.map(({ register, device: of }) => [register, of])).toEqual([['water', `${WATER}/2`]]))
  })

  test('a device whose clock is wrong is told once, counted each time, and makes no reading', async () => {
    const it = await broker()
    const client = await device(it)
    const heard = listen({ url: it.url })
    await connected(heard)
    const ahead = Math.floor(Date.now() / 1000) + 3600
    for (const second of [ahead, ahead + 8, 8]) await client.publishAsync(`/sensor/${CLAMP}/counter`, `[${second}, 5, "Wh"]`, { qos: 1 })
    await until(async () => expect(heard.counts).toEqual({ 'wrong-clock': 3 }))
    expect(heard.said.filter((line) => line.includes('wrong-clock')).length).toBe(1)
    expect(heard.heard).toEqual([])
  })

  const LOGIN = { user: 'wattledger', password: 'not in any message' }
  const named = (password: string) => {
    const file = join(folder, 'password')
    writeFileSync(file, `${password}\n`)
    return { user: LOGIN.user, password: { file } }
  }

  test.skipIf(!hasOpenssl)('TLS and a password; a wrong one is told without it, and tried again (skipped without openssl)', async () => {
    const it = await broker({ login: LOGIN, secure: true })
    const ca = join(folder, 'ca.pem')
    writeFileSync(ca, it.certificate)
    const wrong = listen({ url: it.url, ca, login: named('wrong') })
    await until(async () => expect(wrong.said.join()).toContain('refuses the user or the password'))
    const strange = listen({ url: it.url, login: named(LOGIN.password) })
    await until(async () => expect(strange.said.join()).toMatch(/self.signed/i))
    const right = listen({ url: it.url, ca, login: named(LOGIN.password) })
    await connected(right)
    const client = await device(it, { ca: it.certificate, username: LOGIN.user, password: LOGIN.password })
    await client.publishAsync(`/sensor/${CLAMP}/gauge`, '[1656676352, 450, "W"]', { qos: 1 })
    await until(async () => expect(right.heard.length).toBe(1))
    expect([...wrong.said, ...strange.said, ...right.said].join()).not.toContain(LOGIN.password)
    expect(wrong.said.some((line) => line.startsWith('Connected'))).toBe(false)
  })

  test('a password that is not where the settings say ends this listener with a sentence', async () => {
    const it = await broker()
    const { ended } = listen({ url: it.url, login: { user: 'x', password: { file: join(folder, 'nothing') } } })
    running.pop()
    await expect(ended).rejects.toThrow(/login\.password: the file .* cannot be read/)
  })

  test('in a platform: counters become energy, gauges are shown, messages are counted', async () => {
    const it = await broker()
    const client = await device(it)
    const whole = await openWhole(undefined, { flukso: { mqtt: [{ url: it.url, name: 'cellar' }] } })
    running.push({ stop: () => whole.close() })
    const said: string[] = []
    whole.platform.watch([], (result) => said.push('said' in result ? result.said : JSON.stringify(result)))
    await until(async () => expect(said).toContain('Connected; sensors are heard.'))
    const now = Math.floor(Date.now() / 8000) * 8
    const config = JSON.stringify({ 1: { id: CLAMP, rid: 0, type: 'electricity', subtype: 'pplus' } })
    await client.publishAsync(`/device/${DEVICE}/config/sensor`, config, { qos: 1 })
    for (const i of [3, 2, 1])
      await client.publishAsync(`/sensor/${CLAMP}/counter`, `[${now - 8 * i}, ${1000 + 3 - i}.000, "Wh"]`, { qos: 1 })
    await client.publishAsync(`/sensor/${CLAMP}/gauge`, `[${now - 8}, 450, "W"]`, { qos: 1 })
    await until(async () => {
      const { payload } = await whole.platform.app.inject({ url: '/metrics', headers: { authorization: `Bearer ${whole.platform.token}` } })
      expect(payload).toContain('wattledger_flukso_messages_total{what="gauge"} 1')
      expect(payload).toContain('wattledger_flukso_messages_total{what="counter"} 3')
    })
    await whole.platform.settle()
    const { rows } = await whole.ask('/v1/series', {
      point: `flukso/${CLAMP}`,
      register: '1.8.0',
      from: new Date((now - 60) * 1000).toISOString(),
      to: new Date((now + 8) * 1000).toISOString(),
      grid: 'intervals'
    })
    expect(rows.map(({ milli, power }: Json) => [milli, power])).toEqual([
      [1000, 450],
      [1000, 450]
    ])
    const explained = await whole.ask('/v1/explain', {
      point: `flukso/${CLAMP}`,
      register: '1.8.0',
      at: new Date((now - 12) * 1000).toISOString()
    })
    expect(JSON.stringify(explained)).toContain('"mqtt"')
  }, 60_000)
})
