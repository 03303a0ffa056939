import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAccess } from '../../api/access/access.js'
import { buildApp } from '../../api/app.js'
import { PROTOCOL } from '../../api/client/frames.js'
import { connect } from '../../api/client/node.js'
import type { Deps } from '../../api/deps.js'
import { createMetrics } from '../../api/metrics.js'
import { type Embedded, openEmbedded } from '../../infra/lmdb/open.js'
import type { Log } from '../../infra/log.js'
import { type AccessEntry, hashToken } from '../../schemas/access.js'
import { allTopics } from '../../schemas/topics.js'
import { memoryMap } from '../api/memory-map.js'
import { RawSocket, until } from './platform.js'

const folder = mkdtempSync(join(tmpdir(), 'wattledger-live-'))
const entries = new Map<string, AccessEntry>()
const give = (name: string, token: string, expiresAt?: number): string => {
  entries.set(name, { name, role: 'admin', tokenHash: hashToken(token), grants: [], createdAt: 0, expiresAt })
  return token
}
let now = Date.parse('2026-01-01T00:00:00Z')
const access = createAccess(memoryMap(entries), memoryMap(), () => now)
let embedded: Embedded
let app: Awaited<ReturnType<typeof buildApp>>
let url: string

const BREAKS = Buffer.from('the log breaks here')

/** No disk that fails on demand is at hand. */
const breaking = (log: Log): Log =>
  new Proxy(log, {
    get: (target, key: keyof Log) => {
      if (key === 'tail')
        return async function* (...asked: Parameters<Log['tail']>) {
          for await (const records of target.tail(...asked)) {
            if (records.some(({ value }) => value?.equals(BREAKS))) throw new Error('The log broke.')
            yield records
          }
        }
      const member = target[key]
      return typeof member === 'function' ? member.bind(target) : member
    }
  })

beforeAll(async () => {
  embedded = await openEmbedded(folder)
  const { log, store, wire, archive } = embedded
  await log.create(allTopics(['flukso']))
  const noSteps = async function* () {}
  const never = async () => {
    throw new Error('not in this test')
  }
  const deps: Deps = {
    log,
    store,
    raw: archive,
    metrics: createMetrics(store, log),
    access,
    registry: { versions: async () => [], apply: never },
    installations: { versions: async () => [], apply: never, tokens: { entries: () => new Map(), put: () => {}, remove: () => false } },
    sensors: { asks: 'off', everyMinutes: null, named: new Set(), health: () => [] },
    upload: never,
    maintenance: { refold: never, reparse: never, verify: never, reconcile: noSteps },
    alerts: { acknowledge: never },
    rejected: { inspect: never, redrive: never },
    compare: () => [],
    explainSlots: () => [],
    checkDays: () => [],
    rules: () => ({ others: [], traces: [] }),
    sourceZone: () => 'UTC',
    ready: async () => null,
    limits: { upload: 1000, body: 1000 },
    live: {
      log: breaking(log),
      wire,
      storeGroup: 'store',
      sources: ['flukso'],
      folder,
      now: () => now,
      tickMs: 20,
      limits: { pingMs: 1000 }
    }
  }
  app = await buildApp(deps)
  await app.listen({ host: '127.0.0.1', port: 0 })
  url = `ws://127.0.0.1:${(app.server.address() as { port: number }).port}/v1/live`
})
afterAll(async () => {
  await app.close()
  await embedded.close()
  rmSync(folder, { recursive: true })
})

const select = { points: '*', measure: 'slots' }

test('a token that expires mid-stream: a warning, then 4401', async () => {
  const raw = await RawSocket.greet(url, give('ana', 'first', now + 60_000))
  await raw.ask({ t: 'sub', id: 1, select }, 'live')
  now += 20_000
  await raw.next('progress', 1)
  expect(raw.frames.some(({ t }) => t === 'auth.expiring')).toBe(false)
  now += 15_000
  expect((await raw.next('auth.expiring')).expiresAt).toBe(now + 25_000)
  now += 25_000
  expect((await raw.closed).code).toBe(4401)
  await expect(RawSocket.open(url, { authorization: 'Bearer first' })).rejects.toThrow('401')
})

test('an expired token is nobody over HTTP as well', async () => {
  const headers = { authorization: `Bearer ${give('amy', 'short', now + 60_000)}` }
  now += 59_999
  expect((await app.inject({ url: '/v1/points', headers })).statusCode).toBe(200)
  now += 1
  expect((await app.inject({ url: '/v1/points', headers })).statusCode).toBe(401)
})

test('a signed-in browser whose time is up: a warning, then 4401', async () => {
  give('gil', 'his own')
  const { token, credential } = (await access.signIn(access.invite('gil', 1000)!.code))!
  const raw = await RawSocket.open(url, { cookie: `wattledger=${token}` })
  raw.send({ t: 'hello', protocol: PROTOCOL })
  expect((await raw.next('welcome')).expiresAt).toBe(credential.expiresAt)
  now = credential.expiresAt! - 1000
  expect((await raw.next('auth.expiring')).expiresAt).toBe(credential.expiresAt)
  now += 1000
  expect((await raw.closed).code).toBe(4401)
})

test('auth.refresh in time keeps the stream; the client does it by itself', async () => {
  give('ben', 'old', now + 40_000)
  let asked = 0
  let gaveUp = 0
  const client = connect({ url, token: () => (asked++ === 0 ? 'old' : give('ben', 'new', now + 3_600_000)), onGiveUp: () => gaveUp++ })
  let lives = 0
  client.subscribe({ select: { points: '*', measure: 'slots' } }, { rows() {}, live: () => lives++ })
  await until(() => lives === 1)
  now += 15_000
  await until(() => asked === 2)
  now += 100_000
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect([lives, gaveUp]).toEqual([1, 0])
  client.close()
})

test('other grants end what runs, and the client begins anew', async () => {
  const raw = await RawSocket.greet(url, give('cleo', 'hers'))
  await raw.ask({ t: 'sub', id: 1, select }, 'live')
  entries.set('cleo', { ...entries.get('cleo')!, role: 'reader', grants: [{ who: 'cleo', point: 'flukso/a', from: null, to: null }] })
  expect(await raw.next('error', 1)).toMatchObject({ code: 'forbidden', retryable: true, ends: true })
  await raw.ask({ t: 'sub', id: 2, select }, 'live')
  raw.socket.close()
})

test('who answers no ping is cut off', async () => {
  const raw = await RawSocket.greet(url, give('dan', 'his'))
  raw.socket.pause()
  for (let i = 0; i < 5; i++) {
    now += 1000
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  raw.socket.resume()
  expect((await raw.closed).code).toBe(1006)
})

test('a log that breaks closes its readers, who may come back', async () => {
  const raw = await RawSocket.greet(url, give('eve', 'hers too'))
  await raw.ask({ t: 'sub', id: 1, select }, 'live')
  await embedded.log.append('energy.slots', [{ key: 'flukso/a', value: BREAKS }])
  expect((await raw.closed).code).toBe(4500)
})
