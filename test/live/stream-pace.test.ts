import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAccess } from '../../api/access/access.js'
import { buildApp } from '../../api/app.js'
import type { Deps } from '../../api/deps.js'
import { createMetrics } from '../../api/metrics.js'
import { type Embedded, openEmbedded } from '../../infra/lmdb/open.js'
import { type AccessEntry, hashToken } from '../../schemas/access.js'
import type { Alert } from '../../schemas/generated.js'
import { allTopics, Topics } from '../../schemas/topics.js'
import { memoryMap } from '../api/memory-map.js'
import { LineReader } from './line-reader.js'
import { until } from './platform.js'

/** Streams against a clock of the test: what is said in silence, and what becomes of who does not read. */
const folder = mkdtempSync(join(tmpdir(), 'wattledger-live-'))
const entries = new Map<string, AccessEntry>([
  ['ana', { name: 'ana', role: 'admin', tokenHash: hashToken('hers'), grants: [], createdAt: 0 }]
])
let now = Date.parse('2026-01-01T00:00:00Z')
let embedded: Embedded
let app: Awaited<ReturnType<typeof buildApp>>
let http: string

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
    access: createAccess(memoryMap(entries), memoryMap(), () => now),
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
    live: { log, wire, storeGroup: 'store', sources: ['flukso'], folder, now: () => now, tickMs: 20 }
  }
  app = await buildApp(deps)
  await app.listen({ host: '127.0.0.1', port: 0 })
  http = `http://127.0.0.1:${(app.server.address() as { port: number }).port}`
})
afterAll(async () => {
  await app.close()
  await embedded.close()
  rmSync(folder, { recursive: true })
})

const follow = (query: Record<string, string> = {}) => LineReader.open(http, '/v1/alerts/stream', 'hers', query)

const alert = (rev: number): Alert => ({
  rule: 'silent',
  subject: `flukso/${rev % 7}`,
  register: '',
  source: 'flukso',
  state: 'firing',
  severity: 'warning',
  since: now,
  at: now,
  until: null,
  value: null,
  threshold: null,
  unit: '',
  text: 'x'.repeat(400),
  rows: [],
  occurrences: 1,
  reminders: 0,
  notify: true,
  expires: null,
  ackedBy: '',
  note: '',
  rev,
  ruleVersion: 1,
  knownAt: now
})
const MANY = 30_000
const raise = (from: number, to: number) =>
  embedded.log.append(
    Topics.alerts,
    Array.from({ length: to - from }, (_, i) => {
      const each = alert(from + i)
      return { key: each.subject, value: embedded.wire.encode('Alert', each) }
    })
  )

test('a silent stream says every 25 s that it is alive, how far sources were heard, and where to go on', async () => {
  const reader = await follow()
  await reader.has('live')
  now += 24_000
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(reader.of('heartbeat')).toEqual([])
  now += 1000
  const beat = await reader.has('heartbeat')
  expect(beat).toMatchObject({ at: new Date(now).toISOString(), heardUntil: null, lagMs: 0, cursor: expect.any(String) })
  await raise(0, 1)
  await reader.has('alert')
  reader.close()
  const again = await follow({ cursor: beat.cursor! })
  expect((await again.has('alert')).rev).toBe(0)
  again.close()
})

test('who does not read costs a fixed memory, is let go, and misses nothing with the cursor', async () => {
  const slow = await follow()
  await slow.has('live')
  slow.answer.pause()
  slow.answer.socket.pause()
  for (let from = 1; from < MANY; from += 1000) await raise(from, Math.min(from + 1000, MANY))
  // It is looked at every 20 ms: first as full, then as stuck.
  await new Promise((resolve) => setTimeout(resolve, 500))
  now += 11_000
  await new Promise((resolve) => setTimeout(resolve, 500))
  slow.answer.socket.resume()
  slow.answer.resume()
  await until(() => slow.ended)
  // The one of the test before is not counted.
  const mine = (reader: LineReader) => reader.of('alert').filter(({ rev }) => rev > 0)
  const first = mine(slow)
  // Most of it never left the log: it would have had to be kept for somebody who takes nothing.
  expect(first.length).toBeLessThan(MANY / 2)
  const rest = await follow({ cursor: slow.cursor })
  await rest.has('alert', MANY - 1 - first.length)
  const revs = [...first, ...mine(rest)].map(({ rev }) => rev)
  expect(revs.length).toBe(MANY - 1)
  expect(new Set(revs).size).toBe(MANY - 1)
  rest.close()
}, 120_000)

test('what is no record is passed over', async () => {
  const reader = await follow()
  await reader.has('live')
  await embedded.log.append(Topics.alerts, [{ key: 'flukso/a', value: Buffer.from('nonsense') }])
  await raise(MANY, MANY + 1)
  await until(() => reader.of('alert').some(({ rev }) => rev === MANY), 30_000)
  reader.close()
})
