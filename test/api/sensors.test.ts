import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SensorsPort } from '../../api/deps.js'
import { type Ledger, openLedger, START } from './ledger.js'

/** Tokens come in over real HTTP, and never out again. */
const CLAMP = 'fed676021dacaaf6a12a8dda7685be34'
const WATER = 'd9e10432c8ed17f60822208170da10a0'
const TOKEN = 'fedcba9876543210'.repeat(2)
const OTHER = '0123456789abcdef'.repeat(2)

let ledger: Ledger
let lines: string[]
let url: string
const open = async (sensors: Partial<SensorsPort> = {}): Promise<void> => {
  ledger = await openLedger({ sensors, logger: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }) })
  url = await ledger.app.listen({ host: '127.0.0.1', port: 0 })
}
beforeEach(() => {
  lines = []
})
afterEach(() => ledger.close())

type Json = ReturnType<typeof JSON.parse>
const ask = async (method: string, path: string, body?: object, headers: Record<string, string> = ledger.as('admin')): Promise<Json> => {
  const init = body ? { body: JSON.stringify(body), headers: { ...headers, 'content-type': 'application/json' } } : { headers }
  const response = await fetch(`${url}${path}`, { method, ...init })
  const text = await response.text()
  lines.push(text)
  return { code: response.status, ...JSON.parse(text) }
}
const paste = (sensor: string, token: string) => ask('POST', '/v1/sensors', { sensor, token })

test('a token is kept, replaced and taken away; it stands in no answer and no log', async () => {
  const at = START + 1000
  await open({ health: () => [{ sid: WATER, state: 'refused', detail: 'status 401', since: at, askedAt: at }] })
  expect(await paste(CLAMP, TOKEN)).toMatchObject({
    ...{ code: 200, was: 'none', asks: 'here', everyMinutes: 5, advice: null },
    sensor: { sensor: CLAMP, point: `flukso/${CLAMP}`, state: 'new', since: null, askedAt: null, kept: true }
  })
  expect(await paste(` ${CLAMP.toUpperCase()}\n`, TOKEN)).toMatchObject({ code: 200, was: 'the same' })
  expect(await paste(CLAMP, OTHER)).toMatchObject({ code: 200, was: 'another' })
  expect(await paste(WATER, TOKEN)).toMatchObject({ code: 200, was: 'none', sensor: { state: 'refused' } })
  expect([...ledger.tokens]).toEqual([
    [CLAMP, OTHER],
    [WATER, TOKEN]
  ])
  const { sensors } = await ask('GET', '/v1/sensors')
  expect(sensors.map((row: Json) => [row.sensor, row.state, row.detail, row.askedAt])).toEqual([
    [WATER, 'refused', 'status 401', '2024-02-29T23:00:01.000Z'],
    [CLAMP, 'new', '', null]
  ])
  expect(await ask('DELETE', `/v1/sensors/${WATER}`)).toEqual({ code: 200, sensor: WATER })
  expect(await ask('DELETE', `/v1/sensors/${WATER}`)).toMatchObject({ code: 404 })
  // It was asked for, and is none of ours any more.
  expect((await ask('GET', '/v1/sensors')).sensors).toHaveLength(1)
  for (const token of [TOKEN, OTHER]) expect(lines.join('\n')).not.toContain(token)
  expect(lines.length).toBeGreaterThan(10)
})

test('what is no id or no token is refused, says what was expected, and is not repeated', async () => {
  await open()
  const wrong: [sensor: string, token: string, then: string][] = [
    [CLAMP.slice(1), TOKEN, 'sensor: expected 32 hex digits (0-9, a-f), found 31 characters'],
    [CLAMP, `${TOKEN}0`, 'token: expected 32 hex digits (0-9, a-f), found 33 characters'],
    [CLAMP, `${TOKEN.slice(1)}g`, 'token: expected 32 hex digits (0-9, a-f), found 32 characters, not all of them such'],
    [CLAMP, '', 'token: expected 32 hex digits'],
    [CLAMP, CLAMP, 'sensor, token: these are the same']
  ]
  for (const [sensor, token, then] of wrong) {
    const answer = await paste(sensor, token)
    expect([answer.code, answer.error.message], then).toEqual([400, expect.stringContaining(then)])
    if (token !== '') expect(answer.error.message).not.toContain(token.slice(0, 20))
  }
  expect((await ask('POST', '/v1/sensors', { sensor: CLAMP })).code).toBe(400)
  expect((await ask('POST', '/v1/sensors', { sensor: CLAMP, token: TOKEN, note: 'x' })).code).toBe(400)
  expect((await ask('POST', '/v1/sensors', { sensor: 'a'.repeat(60_000), token: TOKEN })).code).toBe(413)
  expect((await ask('DELETE', '/v1/sensors/mine')).code).toBe(400)
  expect(ledger.tokens.size).toBe(0)
  expect(lines.join('\n')).not.toContain(TOKEN.slice(0, 20))
})

test('nobody but an administrator, and not without end', async () => {
  await open()
  for (const role of ['reader', 'device'] as const) {
    const headers = ledger.as(role, [{ point: '*', from: null, to: null }])
    expect((await ask('POST', '/v1/sensors', { sensor: CLAMP, token: TOKEN }, headers)).code).toBe(403)
    expect((await ask('DELETE', `/v1/sensors/${CLAMP}`, undefined, headers)).code).toBe(403)
  }
  expect((await ask('POST', '/v1/sensors', { sensor: CLAMP, token: TOKEN }, {})).code).toBe(401)
  const admin = ledger.as('admin')
  const codes: number[] = []
  for (let i = 0; i < 62; i++) codes.push((await ask('DELETE', `/v1/sensors/${CLAMP}`, undefined, admin)).code)
  expect([codes.filter((code) => code === 404).length, codes.at(-1)]).toEqual([60, 429])
  expect(ledger.tokens.size).toBe(0)
})

test('the settings’ own sensors are changed where the settings say', async () => {
  await open({ named: new Set([CLAMP]), health: () => [{ sid: CLAMP, state: 'fine', detail: '', since: START, askedAt: START }] })
  for (const answer of [await paste(CLAMP, TOKEN), await ask('DELETE', `/v1/sensors/${CLAMP}`)])
    expect([answer.code, answer.error.message]).toEqual([400, expect.stringContaining('flukso.http.sensors')])
  expect((await ask('GET', '/v1/sensors')).sensors).toMatchObject([{ sensor: CLAMP, state: 'fine', kept: false }])
  expect(ledger.tokens.size).toBe(0)
})

test('who asks nobody says so, and what to do; who could not pass a token on keeps none', async () => {
  await open({ asks: 'off', everyMinutes: null })
  const off = await paste(CLAMP, TOKEN)
  expect(off).toMatchObject({ code: 200, asks: 'off', everyMinutes: null, sensor: { state: 'unasked' } })
  expect(off.advice).toContain('write flukso: { http: {} } into the settings')
  expect(ledger.tokens.size).toBe(1)
  await ledger.app.close()
  await open({ asks: 'elsewhere' })
  const elsewhere = await paste(CLAMP, TOKEN)
  expect([elsewhere.code, elsewhere.error.message]).toEqual([
    400,
    expect.stringMatching(/^Nothing was kept\. In a cluster, producers with slot 0/)
  ])
  expect((await ask('GET', '/v1/sensors')).advice).toContain('producers with slot 0')
  expect(ledger.tokens.size).toBe(0)
})
