import { readFileSync } from 'node:fs'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SAMPLE } from '../schemas/installations/sample.js'
import { HOUR, type Ledger, openLedger, START, writeDay } from './ledger.js'

/** Every door, with every kind of visitor: who is let in, and that the others learn nothing. */
let ledger: Ledger
beforeAll(async () => {
  ledger = await openLedger()
  await writeDay(ledger.store, 'flukso/a')
  await writeDay(ledger.store, 'flukso/b')
})
afterAll(() => ledger.close())

const day = 'from=2024-03-01&to=2024-03-02'
const doors: [method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, may: ('admin' | 'reader' | 'device')[]][] = [
  ['GET', '/metrics', ['admin', 'reader']],
  ['GET', '/openapi.json', ['admin', 'reader', 'device']],
  ['GET', '/v1/points', ['admin', 'reader']],
  ['GET', `/v1/series?point=flukso/a&${day}`, ['admin', 'reader']],
  ['GET', `/v1/export?${day}`, ['admin', 'reader']],
  ['GET', '/v1/latest?point=flukso/a', ['admin', 'reader']],
  ['GET', '/v1/explain?point=flukso/a&at=2024-03-01T10:00', ['admin', 'reader']],
  ['GET', `/v1/compare?point=flukso/a&${day}`, ['admin', 'reader']],
  ['GET', '/v1/changes', ['admin', 'reader']],
  ['GET', '/v1/completeness', ['admin', 'reader']],
  ['GET', '/v1/suspects?point=flukso/a', ['admin', 'reader']],
  ['GET', '/v1/sensors', ['admin']],
  ['POST', '/v1/sensors', ['admin']],
  ['DELETE', `/v1/sensors/${'f'.repeat(32)}`, ['admin']],
  ['GET', '/v1/alerts', ['admin', 'reader']],
  ['POST', '/v1/alerts/ack', ['admin']],
  ['GET', '/v1/rejects', ['admin', 'reader']],
  ['GET', '/v1/rejects/counts', ['admin', 'reader']],
  ['GET', '/v1/rejects/inspect?file=x.csv', ['admin']],
  ['POST', '/v1/rejects/redrive', ['admin']],
  ['GET', '/v1/rules', ['admin', 'reader']],
  ['POST', '/v1/files?name=x.csv', ['admin', 'device']],
  ['GET', `/v1/files/${'a'.repeat(64)}`, ['admin', 'reader']],
  ['GET', '/v1/registry', ['admin']],
  ['POST', '/v1/registry?dryRun=true', ['admin']],
  ['GET', '/v1/installations', ['admin', 'reader']],
  ['GET', '/v1/installations/workbook', ['admin']],
  ['GET', `/v1/installations/checks?${day}`, ['admin', 'reader']],
  ['GET', '/v1/installations/nobody/half-days/2024-03-01/AM', ['admin', 'reader']],
  ['GET', `/v1/installations/completeness?${day}`, ['admin']],
  ['POST', '/v1/installations/workbook?name=Configuration01_20220701.xlsx&dryRun=true', ['admin']],
  ['PUT', '/v1/installations/nobody?dryRun=true', ['admin']],
  ['DELETE', '/v1/installations/nobody?from=2024-03-01&dryRun=true', ['admin']],
  ['GET', '/v1/access', ['admin']],
  ['POST', '/v1/access', ['admin']],
  ['DELETE', '/v1/access/nobody', ['admin']],
  ['DELETE', '/v1/access/nobody/sessions/none', ['admin']],
  ['GET', '/v1/session', ['admin', 'reader', 'device']],
  ['DELETE', '/v1/session', ['admin', 'reader', 'device']],
  ['POST', '/v1/sign-in-links', ['admin']],
  ['POST', '/v1/refold', ['admin']],
  ['POST', '/v1/reparse', ['admin']],
  ['POST', '/v1/replay/verify', ['admin']],
  ['POST', '/v1/reconcile', ['admin']]
]
const payload = (url: string) => {
  if (url.includes('.xlsx')) return { payload: readFileSync(SAMPLE), headers: { 'content-type': 'application/octet-stream' } }
  if (url.startsWith('/v1/installations/')) return { payload: { validFrom: '2024-03-01', members: [] } }
  if (url === '/v1/sensors') return { payload: { sensor: 'a'.repeat(32), token: 'b'.repeat(32) } }
  if (url === '/v1/alerts/ack') return { payload: { alertKey: 'none' } }
  return url.startsWith('/v1/access') || /^\/v1\/(re(fold|parse|play|jects|concile)|sign)/.test(url)
    ? { payload: url.startsWith('/v1/access') ? { name: `n${url.length}`, role: 'reader' } : {} }
    : { payload: 'points: []', headers: { 'content-type': 'application/octet-stream' } }
}

for (const [method, url, may] of doors) {
  test(`${method} ${url}`, async () => {
    const ask = (headers: Record<string, string>) => {
      const body: { payload?: object | string; headers?: Record<string, string> } =
        method === 'POST' || method === 'PUT' ? payload(url) : {}
      return ledger.app.inject({ method, url, ...body, headers: { ...body.headers, ...headers } })
    }
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: 'Basic YTpi' }, { authorization: 'Bearer ' }]) {
      const answer = await ask(headers as Record<string, string>)
      expect(answer.statusCode, JSON.stringify(headers)).toBe(401)
      expect(answer.json()).toEqual({ error: { code: 'unauthorized', message: 'Send a token: "Authorization: Bearer <token>".' } })
    }
    expect((await ask({ token: 'x' })).statusCode).toBe(401)
    for (const role of ['admin', 'reader', 'device'] as const) {
      const answer = await ask(ledger.as(role, [{ point: '*', from: null, to: null }]))
      if (may.includes(role)) expect([200, 201, 404], `${role}: ${answer.body}`).toContain(answer.statusCode)
      else expect([answer.statusCode, answer.json().error.code]).toEqual([403, 'forbidden'])
    }
  })
}

test('only /healthz, /readyz and signing in answer without a token, and unknown addresses tell nothing', async () => {
  expect((await ledger.app.inject('/healthz')).json()).toEqual({ status: 'ok' })
  expect((await ledger.app.inject('/v1/nowhere')).statusCode).toBe(401)
  expect((await ledger.app.inject({ url: '/v1/nowhere', headers: ledger.as('reader') })).json().error.code).toBe('not_found')
  expect((await ledger.app.inject('/v1/points?token=x')).statusCode).toBe(401)
  expect((await ledger.app.inject({ method: 'HEAD', url: '/v1/points' })).statusCode).toBe(401)
})

test('/readyz says why not only to somebody', async () => {
  const away = await openLedger({ ready: async () => 'Kafka does not answer at kafka-1:9092.' })
  expect((await ledger.app.inject('/readyz')).json()).toEqual({ status: 'ready' })
  const answer = await away.app.inject('/readyz')
  expect(answer.statusCode).toBe(503)
  expect(answer.json().error.message).toBe('Not ready; with a token this says why.')
  const told = await away.app.inject({ url: '/readyz', headers: away.as('device') })
  expect(told.json().error.message).toBe('Kafka does not answer at kafka-1:9092.')
  await away.close()
})

test('every route that is published is one of the doors tried here', async () => {
  const { paths } = (await ledger.app.inject({ url: '/openapi.json', headers: ledger.as('reader') })).json() as {
    paths: Record<string, object>
  }
  const published = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
  )
  const tried = doors.map(
    ([method, url]) =>
      `${method} ${url
        .split('?')[0]
        .replace('/installations/nobody', '/installations/{id}')
        .replace('/nobody', '/{name}')
        .replace('/none', '/{id}')
        .replace(/[0-9a-f]{64}/, '{origin}')
        .replace(/[0-9a-f]{32}/, '{sensor}')
        .replace('/2024-03-01/AM', '/{day}/{half}')}`
  )
  expect(published.sort()).toEqual(
    [...tried.filter((door) => !door.endsWith('/openapi.json')), 'GET /healthz', 'GET /readyz', 'POST /v1/session'].sort()
  )
})

test('unknown and forbidden points are the same', async () => {
  const ana = ledger.as('reader', [{ point: 'flukso/a', from: null, to: null }])
  const noGrants = ledger.as('reader')
  const urls = (point: string) => [
    `/v1/series?point=${point}&${day}`,
    `/v1/series?point=${point}&register=1.8.0&${day}&format=csv`,
    `/v1/latest?point=${point}`,
    `/v1/explain?point=${point}&at=2024-03-01T10:00`,
    `/v1/explain?point=${point}&at=2024-03-01T10:00&grid=PT1H`,
    `/v1/suspects?point=${point}`
  ]
  for (const [i, url] of urls('flukso/b').entries()) {
    const forbidden = await ledger.app.inject({ url, headers: ana })
    const unknown = await ledger.app.inject({ url: urls('flukso/none')[i], headers: ana })
    expect([forbidden.statusCode, forbidden.body]).toEqual([404, unknown.body])
    expect(unknown.statusCode).toBe(404)
    expect((await ledger.app.inject({ url: urls('flukso/a')[i], headers: ana })).statusCode, urls('flukso/a')[i]).toBe(200)
    expect((await ledger.app.inject({ url: urls('flukso/a')[i], headers: noGrants })).statusCode).toBe(404)
  }
  const points = await ledger.app.inject({ url: '/v1/points', headers: ana })
  expect(points.json().points.map(({ id }: { id: string }) => id)).toEqual(['flukso/a'])
  expect((await ledger.app.inject({ url: '/v1/points', headers: noGrants })).json()).toEqual({ points: [] })
  expect((await ledger.app.inject({ url: '/v1/rejects', headers: ana })).statusCode).toBe(403)
})

test('a grant is clipped in time, in every answer', async () => {
  // 03:30 to 06:00 local: the hours 04 and 05 lie wholly inside.
  const headers = ledger.as('reader', [{ point: 'flukso/a', from: START + 3.5 * HOUR, to: START + 6 * HOUR }])
  const get = async (url: string) => (await ledger.app.inject({ url, headers })).json()
  const hours = await get(`/v1/series?point=flukso/a&${day}`)
  expect(hours.rows.map(({ start }: { start: string }) => Date.parse(start))).toEqual([START + 4 * HOUR, START + 5 * HOUR])
  expect(hours.summary).toMatchObject({ milli: 2_000_000, completeness: 1 })
  expect(hours.gaps).toEqual([])
  expect((await get(`/v1/series?point=flukso/a&${day}&grid=P1D`)).rows).toEqual([])
  expect((await get(`/v1/series?point=flukso/a&${day}&grid=intervals`)).rows.length).toBe(2)
  expect((await get(`/v1/series?point=flukso/a&${day}&grid=PT30M&zone=UTC`)).rows.length).toBe(5)
  // The register's present figure and its first reading lie outside.
  expect((await get('/v1/latest?point=flukso/a')).registers[0]).toMatchObject({ latest: null, first: null, last: null, device: '' })
  expect((await get('/v1/points')).points[0].registers[0].latest).toBeNull()
  for (const at of ['2024-03-01T02:30', '2024-03-01T03:45', '2024-03-01T06:00']) {
    expect((await get(`/v1/explain?point=flukso/a&at=${at}`)).error?.code, at).toBe('not_found')
    expect((await get(`/v1/explain?point=flukso/a&at=${at}&grid=PT1H`)).error?.code, at).toBe('not_found')
  }
  expect((await get('/v1/explain?point=flukso/a&at=2024-03-01T04:30')).sum.milli).toBe(1_000_000)
  // Half an hour is open, but the reading pair behind it is not.
  const half = await get('/v1/explain?point=flukso/a&at=2024-03-01T03:45&grid=PT30M')
  expect(half.sum.milli).toBe(500_000)
  expect(half.intervals).toEqual([expect.objectContaining({ clipped: true, inSlot: 500_000 })])
  expect(JSON.stringify(half.intervals)).not.toContain('fromAt')
  expect(half.intervals[0].from).toBeUndefined()
})

test('tokens: shown once, revoked at once, never logged or listed', async () => {
  const lines: string[] = []
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const other = await openLedger({ logger })
  const headers = other.as('admin')
  const made = await other.app.inject({
    method: 'POST',
    url: '/v1/access',
    headers,
    payload: { name: 'ana', role: 'reader', grants: [{ point: 'es0021000000000001jn0f', from: '2024-01-01T00:00:00Z' }] }
  })
  const { token } = made.json()
  expect([made.statusCode, made.json()]).toEqual([
    201,
    expect.objectContaining({
      name: 'ana',
      role: 'reader',
      grants: [{ point: 'ES0021000000000001JN', from: '2024-01-01T00:00:00.000Z', to: null }]
    })
  ])
  expect(token).toMatch(/^wl_[\w-]{43}$/)
  const bearer = { authorization: `Bearer ${token}` }
  expect((await other.app.inject({ url: '/v1/points', headers: bearer })).statusCode).toBe(200)
  const list = await other.app.inject({ url: '/v1/access', headers })
  expect(list.json().access.map(({ name }: { name: string }) => name)).toContain('ana')
  expect(list.body).not.toMatch(/hash|wl_/i)
  const again = await other.app.inject({ method: 'POST', url: '/v1/access', headers, payload: { name: 'ana', role: 'admin' } })
  expect([again.statusCode, again.json().error.code]).toEqual([400, 'bad_request'])
  expect((await other.app.inject({ method: 'DELETE', url: '/v1/access/ana', headers })).json()).toEqual({ revoked: 'ana' })
  expect((await other.app.inject({ method: 'DELETE', url: '/v1/access/ana', headers })).statusCode).toBe(404)
  expect((await other.app.inject({ url: '/v1/points', headers: bearer })).statusCode).toBe(401)
  expect((await other.app.inject({ method: 'DELETE', url: '/v1/access/admin-0', headers })).statusCode).toBe(400)
  expect(lines.length).toBeGreaterThan(0)
  expect(lines.join('')).not.toContain(token)
  expect(lines.join('')).not.toContain('secret')
  await other.close()
})

test('wrong requests say what is wrong', async () => {
  const headers = ledger.as('admin')
  const wrong: [url: string, then: string][] = [
    ['/v1/series?point=flukso/a', 'from'],
    ['/v1/series?from=2024-03-01', 'point'],
    ['/v1/series?point=flukso/a&from=yesterday', 'is no instant'],
    ['/v1/series?point=flukso/a&from=2024-02-30', 'is no instant'],
    [`/v1/series?point=flukso/a&${day}&grid=PT7M`, 'divides a day'],
    [`/v1/series?point=flukso/a&${day}&zone=Mars/Crater`, 'not a time zone'],
    [`/v1/series?point=flukso/a&${day}&format=xml`, 'format'],
    ['/v1/series?point=flukso/a&from=2024-03-02&to=2024-03-01', 'ends before it begins'],
    ['/v1/explain?point=flukso/a', 'at: say the instant'],
    ['/v1/rejects?limit=0', 'limit']
  ]
  for (const [url, then] of wrong) {
    const answer = await ledger.app.inject({ url, headers })
    expect([answer.statusCode, answer.json().error.code], url).toEqual([400, 'bad_request'])
    expect(JSON.stringify(answer.json()), url).toContain(then)
  }
  expect((await ledger.app.inject({ url: `/v1/series?point=flukso/a&${day}&register=2.8.0`, headers })).json().error.message).toContain(
    'it has 1.8.0'
  )
})

test('too many requests are refused by identity', async () => {
  const other = await openLedger({ limits: { requestsPerMinute: 3 } })
  const headers = other.as('reader')
  const codes = []
  for (let i = 0; i < 5; i++) codes.push((await other.app.inject({ url: '/v1/points', headers })).statusCode)
  expect(codes).toEqual([200, 200, 200, 429, 429])
  expect((await other.app.inject({ url: '/v1/points', headers })).json().error.code).toBe('rate_limited')
  expect((await other.app.inject({ url: '/v1/points', headers: other.as('reader') })).statusCode).toBe(200)
  expect((await other.app.inject('/healthz')).statusCode).toBe(200)
  await other.close()
})
