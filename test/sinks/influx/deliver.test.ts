import { afterEach, beforeEach, expect, test } from 'vitest'
import { Attempts } from '../../../sinks/influx/attempts.js'
import { influxRequests } from '../../../sinks/influx/client.js'
import { delivery } from '../../../sinks/influx/deliver.js'
import type { InfluxTrouble } from '../../../sinks/influx/trouble.js'
import { type Asked, type Fault, type FaultServer, faultServer } from './server.js'

const SECRET = 'a-token-that-nobody-may-see'
const PACE = { firstMs: 5, longestMs: 40, patienceMs: 400 }

let server: FaultServer
let told: (string | null)[]
beforeEach(async () => {
  server = await faultServer()
  told = []
})
afterEach(() => server.close())

const deliver = (pace = PACE, timeoutMs = 5000) => {
  const requests = influxRequests({ url: server.url, org: 'home', bucket: 'energy', token: () => SECRET, timeoutMs })
  const attempts = new Attempts(pace, new AbortController().signal, (trouble) => told.push(trouble?.message ?? null))
  return delivery(requests, attempts)
}

const lines = (count: number): string[] => Array.from({ length: count }, (_, i) => `energy,point=p${i} milli=${i}i ${1000 + i}`)
const places = (refusals: readonly { place: string }[]) => refusals.map(({ place }) => place).sort()

/** These answers, one request after the other, and then none. */
const first = (...faults: Fault[]) => {
  server.judge(() => faults.shift() ?? null)
}
const whenever = (bad: (lines: readonly string[]) => boolean, fault: Fault) => {
  server.judge((asked: Asked) => (bad(asked.lines) ? fault : null))
}
const holds = (point: string) => (all: readonly string[]) => all.some((line) => line.includes(`point=${point} `))

const failed = async (work: Promise<unknown>): Promise<InfluxTrouble> =>
  await work.then(
    () => Promise.reject(new Error('it went well')),
    (error) => error
  )

test('a batch is one request with org, bucket and milliseconds', async () => {
  expect(await deliver()(lines(100))).toEqual([])
  expect(server.points.size).toBe(100)
  const [{ query, token }] = server.asked
  expect([server.asked.length, query.get('org'), query.get('bucket'), query.get('precision'), token]).toEqual([
    1,
    'home',
    'energy',
    'ms',
    `Token ${SECRET}`
  ])
})

for (const fault of ['reset', 'lost', { status: 429 }, { status: 500 }, { status: 502 }, { status: 503 }, { status: 504 }] as Fault[])
  test(`${JSON.stringify(fault)} is tried again`, async () => {
    first(fault, fault)
    expect(await deliver()(lines(10))).toEqual([])
    expect([server.asked.length, server.points.size]).toEqual([3, 10])
    expect(told.length).toBe(2)
    expect(told.at(-1)).toBe(null)
  })

test('no answer within the time for one is tried again', async () => {
  first('silence')
  expect(await deliver(PACE, 100)(lines(10))).toEqual([])
  expect([server.asked.length, server.points.size]).toEqual([2, 10])
})

test('it comes back when the server said, but not later than our own longest pause', async () => {
  first({ status: 429, retryAfterS: 1 })
  const began = performance.now()
  await deliver({ firstMs: 1, longestMs: 300, patienceMs: 5000 })(lines(1))
  const tookMs = performance.now() - began
  expect(tookMs).toBeGreaterThanOrEqual(295)
})

test('while it is away, many who ask make few requests', async () => {
  server.judge(() => 'reset')
  const one = deliver({ firstMs: 20, longestMs: 100, patienceMs: 500 })
  const all = await Promise.all(Array.from({ length: 50 }, () => failed(one(lines(1)))))
  expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(['away']))
  // Each alone would have asked some ten times. The first come together, before anybody knows.
  expect(server.asked.length).toBeLessThan(100)
  expect(server.points.size).toBe(0)
})

for (const status of [400, 422])
  test(`${status} is halved to the rows to blame, and the others are stored`, async () => {
    whenever((all) => holds('p7')(all) || holds('p93')(all), { status, message: 'unable to parse: no' })
    const refusals = await deliver()(lines(100))
    expect(places(refusals)).toEqual(['energy,point=p7 1007', 'energy,point=p93 1093'])
    expect(refusals[0].trouble).toMatchObject({ kind: 'refused', said: 'unable to parse: no' })
    expect(server.points.size).toBe(98)
    expect(server.asked.length).toBeLessThan(40)
    expect(told).toEqual([])
  })

test('when it says that it dropped all of them, nobody asks again', async () => {
  whenever(() => true, { status: 422, message: `partial write: ${'x'.repeat(500)} dropped=100 for database: b` })
  expect((await deliver()(lines(100))).length).toBe(100)
  expect(server.asked.length).toBe(1)
})

test('413 is split until it fits; one row that is too large alone goes aside', async () => {
  whenever((all) => all.length > 7 || holds('p5')(all), { status: 413 })
  const refusals = await deliver()(lines(100))
  expect(places(refusals)).toEqual(['energy,point=p5 1005'])
  expect(refusals[0].trouble.kind).toBe('large')
  expect(server.points.size).toBe(99)
})

for (const poison of ['p0', 'p1', 'p50', 'p99'])
  test(`a row (${poison}) that makes it fail whenever it comes is found, and the others are stored`, async () => {
    whenever(holds(poison), { status: 500, message: 'panic' })
    const refusals = await deliver()(lines(100))
    expect(refusals.map(({ place, trouble }) => `${place.split(' ')[0]} ${trouble.kind}`)).toEqual([`energy,point=${poison} failing`])
    expect(server.points.size).toBe(99)
  })

test('a server that fails with more than so many gets fewer', async () => {
  whenever((all) => all.length > 10, { status: 500, message: 'engine: cache-max-memory-size exceeded' })
  expect(await deliver()(lines(100))).toEqual([])
  expect(server.points.size).toBe(100)
})

test('a server that fails at everything is waited for, and no row is to blame', async () => {
  server.judge(() => ({ status: 500, message: 'engine: cache-max-memory-size exceeded' }))
  expect(await failed(deliver()(lines(100)))).toMatchObject({ kind: 'failing' })
  expect(await failed(deliver()(lines(1)))).toMatchObject({ kind: 'failing' })
})

for (const [status, advice] of [
  [401, 'influx.token'],
  [403, 'right to write to the bucket "energy"'],
  [404, 'influx.bucket ("energy")'],
  [200, 'influx.url'],
  [405, 'influx.url']
] as const)
  test(`${status} is told at once, with what to do`, async () => {
    server.judge(() => ({ status, message: 'no' }))
    const trouble = await failed(deliver()(lines(10)))
    expect([trouble.kind, trouble.message]).toEqual(['closed', expect.stringContaining(advice)])
    expect(server.asked.length).toBe(1)
    expect(told).toEqual([trouble.message])
  })

test('no message holds the token, or more of what the server says than a line', async () => {
  const talk = `unable to parse '${SECRET}': ${'x'.repeat(100_000)}`
  for (const status of [400, 401, 500]) {
    server.judge(() => ({ status, message: talk }))
    const refusals = await deliver()(lines(1)).catch((error) => [{ trouble: error }])
    for (const { trouble } of refusals) {
      expect(trouble.message).not.toContain(SECRET)
      expect(trouble.said).not.toContain(SECRET)
      expect(trouble.message.length).toBeLessThan(500)
    }
  }
})

test('after a refused token the next request shows the one that is there by then', async () => {
  let token = 'old'
  const requests = influxRequests({ url: server.url, org: 'o', bucket: 'b', token: () => token, timeoutMs: 5000 })
  server.judge((asked) => (asked.token === 'Token new' ? null : { status: 401 }))
  await requests.write(lines(1)).catch(() => {})
  token = 'new'
  await requests.write(lines(1))
  expect(server.asked.map((asked) => asked.token)).toEqual(['Token old', 'Token new'])
})

test('a token that is not where it should be is told like one that is refused', async () => {
  const token = () => {
    throw new Error('influx.token: the file /nowhere cannot be read.')
  }
  const requests = influxRequests({ url: server.url, org: 'o', bucket: 'b', token, timeoutMs: 5000 })
  expect(await failed(requests.write(lines(1)))).toMatchObject({ kind: 'closed', message: expect.stringContaining('/nowhere') })
})
