import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openArchive } from '../../../infra/archive.js'
import { readAll } from '../../../infra/compacted.js'
import { type Embedded, openEmbedded } from '../../../infra/lmdb/open.js'
import { openServer, type ServerOptions } from '../../../producers/flukso/http.js'
import { FluksoPoll } from '../../../producers/flukso/poll.js'
import { flukso } from '../../../producers/flukso/source.js'
import { sources } from '../../../producers/index.js'
import { openMemory } from '../../../producers/memory.js'
import { ingest, type ProducerRooms, publish } from '../../../producers/run.js'
import { decoding } from '../../../schemas/decoding.js'
import type { Readings, Reject } from '../../../schemas/generated.js'
import { allTopics, backfillTopic, readingsTopic, Topics } from '../../../schemas/topics.js'
import { block, blocksOf, sidOf } from '../../whole/files.js'
import { recorded } from './blocks.js'
import { serveTmpo, type TmpoService } from './tmpo-server.js'

const TOKEN = 'fedcba9876543210'.repeat(2)
const OTHER = '0123456789abcdef'.repeat(2)
const A = sidOf(10)
const B = sidOf(11)
const C = sidOf(12)
const BID = 1656676352
const HOUR = 3_600_000

let folder: string
let embedded: Embedded
let rooms: ProducerRooms
let service: TmpoService
let stopping: AbortController
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-poll-'))
  embedded = await openEmbedded(folder)
  const { log, wire, store } = embedded
  await log.create(allTopics(sources.map(({ name }) => name)))
  stopping = new AbortController()
  const memory = await openMemory(log, stopping.signal)
  rooms = { log, wire, store, archive: await openArchive(folder), sources, resolve: (native) => native, memory }
  service = await serveTmpo()
})
afterEach(async () => {
  stopping.abort()
  await service.close()
  await embedded.close()
  rmSync(folder, { recursive: true })
})

/** A sensor of the service, with a sample every 8 s in each of these level-8 blocks. */
const serve = (sid: string, bids: readonly number[], rid = 0): void => {
  const served = service.sensors.get(sid) ?? { token: TOKEN, blocks: new Map<string, Buffer>() }
  service.sensors.set(sid, served)
  for (const bid of bids) put(served.blocks, sid, 8, bid, rid)
}
const put = (blocks: Map<string, Buffer>, sid: string, level: number, bid: number, rid = 0): void => {
  const from = Math.max(bid, BID)
  const count = Math.min(2 ** level, 512) / 8
  const samples = Array.from({ length: count }, (_, i): [number, number] => [from + 8 * i, (from - BID + 8 * i) * 125])
  blocks.set(`${rid}/${level}/${bid}`, Buffer.from(block(sid, level, bid, samples, rid).bytes as Buffer))
}

interface Rig {
  poll: FluksoPoll
  tokens: Map<string, string>
  said: string[]
  /** Moves its clock. */
  later(ms: number): void
  round(): Promise<number>
}

const rig = (
  given: Record<string, string> = {},
  how: { parallel?: number; fails?: (name: string) => boolean } & Partial<ServerOptions> = {}
): Rig => {
  const { parallel = 4, fails = () => false, ...options } = how
  const server = openServer({ url: service.url, parallel, signal: stopping.signal, ...options })
  const tokens = new Map(Object.entries(given))
  const said: string[] = []
  let now = (BID + 3600) * 1000
  const poll = new FluksoPoll(
    {
      server,
      memory: rooms.memory,
      tokens: () => tokens,
      take: async (bytes, name, more) => {
        if (fails(name)) throw new Error('the disk is full')
        return ingest(rooms, Readable.from([bytes]), name, now, more)
      },
      resolve: (native) => native,
      publish: (parsed) => publish(rooms, flukso, parsed, now),
      now: () => now,
      chance: () => 0.5,
      signal: stopping.signal
    },
    { everyMinutes: 5, parallel }
  )
  const report = (result: object) => {
    if ('said' in result) said.push(String(result.said))
    else if ('error' in result) said.push((result.error as Error).message)
    else said.push(JSON.stringify(result))
  }
  return { poll, tokens, said, later: (ms) => (now += ms), round: () => poll.round(report) }
}

const on = async (topic: string): Promise<Readings[]> => {
  const blocks: Readings[] = []
  const decode = decoding(embedded.wire)
  for await (const { value } of readAll(embedded.log, topic)) if (value !== null) blocks.push(await decode('Readings', value))
  return blocks
}
const rejects = async (): Promise<Reject[]> => {
  const all: Reject[] = []
  const decode = decoding(embedded.wire)
  for await (const { value } of readAll(embedded.log, Topics.rejected)) if (value !== null) all.push(await decode('Reject', value))
  return all
}
const starts = async (sid: string): Promise<number[]> =>
  (await on(readingsTopic('flukso'))).filter(({ point }) => point === `flukso/${sid}`).map(({ at }) => at[0] / 1000)
const states = ({ poll }: Rig): Record<string, string> => Object.fromEntries(poll.health().map(({ sid, state }) => [sid, state]))
const paths = (): string[] => service.asks.map(({ path }) => path)

describe('A6 over HTTP', () => {
  interface Case {
    name: string
    server: [number, number, number][]
    client: { rid: number; lvl: number; bid: number }
    request: string
    response: { rid: number; lvl: number; bid: number }[]
  }
  const cases = JSON.parse(recorded('synthetic/http/sync-cases.json').toString()) as Case[]
  const sid = 'b4524c86c05674eddf39c121532749e3'
  for (const { name, server, client, request, response } of cases)
    test(`A6 ${name}: asks from its position, fetches what is new and keeps where it is`, async () => {
      const blocks = new Map<string, Buffer>()
      for (const [rid, level, bid] of server) put(blocks, sid, level, bid, rid)
      service.sensors.set(sid, { token: TOKEN, blocks })
      if (client.lvl > 0) await rooms.memory.put(`flukso sync ${sid}`, { rid: client.rid, level: client.lvl, bid: client.bid })
      await rig({ [sid]: TOKEN }).round()
      const fetched = response.map(({ rid, lvl, bid }) => `/sensor/${sid}/tmpo/${rid}/${lvl}/${bid}`)
      expect(paths()).toEqual([request, ...fetched])
      const last = response.at(-1) ?? client
      const { rid, lvl: level, bid } = last
      expect(rooms.memory.get(`flukso sync ${sid}`)).toEqual({ rid, level, bid })
    })
})

test('every sensor is read, oldest first; a restart goes on where it was', async () => {
  serve(A, [BID + 512, BID, BID + 256])
  serve(B, [BID])
  const first = rig({ [A]: TOKEN, [B]: TOKEN })
  expect(await first.round()).toBe(4)
  expect(await starts(A)).toEqual([BID, BID + 256, BID + 512])
  expect(await starts(B)).toEqual([BID])
  expect(first.said).toEqual(['2 of 2 sensors are up to date.'])
  serve(A, [BID + 768])
  service.asks.length = 0
  expect(await rig({ [A]: TOKEN, [B]: TOKEN }).round()).toBe(1)
  expect(paths().filter((path) => path.includes(A))).toEqual([
    `/sensor/${A}/tmpo/sync?rid=0&lvl=8&bid=${BID + 512}`,
    `/sensor/${A}/tmpo/0/8/${BID + 768}`
  ])
})

test('the bytes are in the archive under their block, and nothing else is remembered of each', async () => {
  serve(A, [BID])
  await rig({ [A]: TOKEN }).round()
  const kept: string[] = []
  for await (const { name } of rooms.archive.list()) kept.push(name)
  expect(kept).toEqual([`${A}/0/8/${BID}.gz`])
  const remembered: string[] = []
  for await (const { key } of readAll(embedded.log, Topics.producersState)) remembered.push(key)
  expect(remembered).toEqual([`flukso sync ${A}`])
})

test('the token goes in a header, and is in no address, log, topic or answer', async () => {
  serve(A, [BID])
  service.sensors.set(B, { token: OTHER, blocks: new Map() })
  const { round, said, poll } = rig({ [A]: TOKEN, [B]: TOKEN })
  await round()
  expect(service.asks.map(({ headers }) => [headers['x-token'], headers['x-version']])).toEqual(service.asks.map(() => [TOKEN, '1.0']))
  const everything = [...paths(), ...said, JSON.stringify(poll.health()), JSON.stringify(await rejects())].join()
  expect(everything).toContain('token-refused')
  expect(everything).not.toContain(TOKEN)
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  expect(files.length).toBeGreaterThan(2)
  for (const { parentPath, name } of files) expect(readFileSync(join(parentPath, name)).includes(TOKEN)).toBe(false)
})

describe('what goes wrong with one sensor is its own affair', () => {
  test('a refused token: that sensor rests, is told once, and again when another token helps', async () => {
    serve(A, [BID])
    serve(B, [BID])
    const it = rig({ [A]: OTHER, [B]: TOKEN })
    await it.round()
    expect([await starts(A), await starts(B)]).toEqual([[], [BID]])
    expect(states(it)).toEqual({ [A]: 'refused', [B]: 'fine' })
    expect(it.said).toEqual([`1 of 2 sensors are up to date; 1 refused (status 401): ${A}.`])
    expect((await rejects()).map(({ origin, reason, field }) => [origin, reason, field])).toEqual([
      [`flukso/${A}`, 'token-refused', 'token']
    ])
    service.asks.length = 0
    it.later(HOUR)
    await it.round()
    expect(paths().filter((path) => path.includes(A))).toEqual([])
    it.tokens.set(A, TOKEN)
    await it.round()
    expect(await starts(A)).toEqual([BID])
    expect(states(it)).toEqual({ [A]: 'fine', [B]: 'fine' })
    expect((await rejects()).map(({ reason }) => reason)).toEqual(['token-refused', 'resolved'])
    expect(it.said.length).toBe(2)
  })

  test('a refused token is tried once a day, and a restart tells nobody again', async () => {
    serve(A, [BID])
    const it = rig({ [A]: OTHER })
    await it.round()
    await rig({ [A]: OTHER }).round()
    expect((await rejects()).length).toBe(1)
    service.asks.length = 0
    it.later(23 * HOUR)
    await it.round()
    expect(paths().length).toBe(0)
    it.later(2 * HOUR)
    await it.round()
    expect(paths().length).toBe(1)
  })

  for (const status of [500, 503, 597, 429])
    test(`${status} half-way: what came is kept, the sensor backs off longer each time, the others go on`, async () => {
      serve(A, [BID, BID + 256, BID + 512])
      serve(B, [BID])
      service.instead = (path) => (path.endsWith(`${A}/tmpo/0/8/${BID + 256}`) ? status : null)
      const it = rig({ [A]: TOKEN, [B]: TOKEN })
      await it.round()
      expect(states(it)).toEqual({ [A]: 'away', [B]: 'fine' })
      expect(rooms.memory.get(`flukso sync ${A}`)).toEqual({ rid: 0, level: 8, bid: BID })
      const rounds: number[] = []
      for (let round = 1; round <= 16; round++) {
        it.later(5 * 60_000)
        service.asks.length = 0
        await it.round()
        if (paths().some((path) => path.includes(A))) rounds.push(round)
      }
      // Five minutes, ten, twenty, forty.
      expect(rounds).toEqual([1, 3, 7, 14])
      service.instead = () => null
      it.later(HOUR)
      await it.round()
      expect(await starts(A)).toEqual([BID, BID + 256, BID + 512])
      expect(states(it)).toEqual({ [A]: 'fine', [B]: 'fine' })
    })

  test('a ledger that cannot store leaves the position where it was', async () => {
    serve(A, [BID, BID + 256])
    let full = true
    const it = rig({ [A]: TOKEN }, { fails: (name) => full && name.endsWith(`${BID + 256}.gz`) })
    await it.round()
    expect(it.said[0]).toBe('the disk is full')
    expect(rooms.memory.get(`flukso sync ${A}`)).toEqual({ rid: 0, level: 8, bid: BID })
    full = false
    it.later(HOUR)
    await it.round()
    expect(await starts(A)).toEqual([BID, BID + 256])
  })

  test('a malformed block is rejected with its reason and kept, and the position passes it', async () => {
    serve(A, [BID, BID + 256])
    service.sensors.get(A)?.blocks.set(`0/8/${BID}`, recorded('synthetic/tmpo-edge/truncated.gz'))
    const it = rig({ [A]: TOKEN })
    await it.round()
    expect((await rejects()).map(({ reason, name }) => [reason, name])).toEqual([['gzip-corrupt', `${A}/0/8/${BID}.gz`]])
    expect(it.said[0]).toContain('gzip-corrupt')
    expect(await starts(A)).toEqual([BID + 256])
    expect(rooms.memory.get(`flukso sync ${A}`)).toEqual({ rid: 0, level: 8, bid: BID + 256 })
  })

  const odd = [
    { when: 'no JSON', says: Buffer.from('<html>'), gives: 'no list of blocks' },
    { when: 'another list', says: Buffer.from('[{"rid":0}]'), gives: 'no list of blocks' },
    { when: 'a level that is none', says: Buffer.from('[{"rid":0,"lvl":9,"bid":512,"ext":"gz"}]'), gives: 'a block of level 9 at 512' },
    { when: 'a mebibyte', says: Buffer.alloc(1024 * 1024 + 1, '['), gives: 'more than 1048576 bytes' },
    { when: 'a page that is not there', says: 404, gives: 'status 404' }
  ]
  for (const { when, says, gives } of odd)
    test(`a list that is ${when} is told and asked for later`, async () => {
      serve(A, [BID])
      service.instead = () => says
      const it = rig({ [A]: TOKEN })
      await it.round()
      expect(states(it)).toEqual({ [A]: 'unexpected' })
      expect(it.said[0]).toContain(gives)
    })

  test('one that never answers is left after a while', async () => {
    serve(A, [BID])
    serve(B, [BID])
    service.instead = (path) => (path.includes(A) ? 'silence' : null)
    const it = rig({ [A]: TOKEN, [B]: TOKEN }, { silenceMs: 300 })
    await it.round()
    expect(states(it)).toEqual({ [A]: 'away', [B]: 'fine' })
    expect(it.said[0]).toContain('UND_ERR_HEADERS_TIMEOUT')
  })
})

describe('404 on a block: it was compacted away', () => {
  test('what there is is asked for again, and the parent comes', async () => {
    serve(A, [BID, BID + 256])
    const blocks = service.sensors.get(A)?.blocks as Map<string, Buffer>
    service.instead = (path) => {
      if (!path.endsWith(`/0/8/${BID + 256}`)) return null
      blocks.clear()
      put(blocks, A, 12, BID)
      return null
    }
    const it = rig({ [A]: TOKEN })
    await it.round()
    expect(await starts(A)).toEqual([BID, BID])
    expect(states(it)).toEqual({ [A]: 'fine' })
    expect(rooms.memory.get(`flukso sync ${A}`)).toEqual({ rid: 0, level: 12, bid: BID })
  })

  test('one that is listed for ever and never there is passed over, and told', async () => {
    serve(A, [BID, BID + 256, BID + 512])
    service.instead = (path) => (path.endsWith(`/0/8/${BID + 256}`) ? 404 : null)
    const it = rig({ [A]: TOKEN })
    await it.round()
    expect(await starts(A)).toEqual([BID, BID + 512])
    expect(it.said[0]).toContain(`${A}/0/8/${BID + 256}.gz is listed and not there`)
  })
})

test('a new rid is read from its beginning, also what ends in the last block of the old one', async () => {
  serve(A, [BID])
  const it = rig({ [A]: TOKEN })
  await it.round()
  // It began within the seconds that the position covers: asked from there, the service would never list it.
  serve(A, [BID, BID + 256], 1)
  it.later(5 * 60_000)
  await it.round()
  const devices = (await on(readingsTopic('flukso'))).map(({ device, at }) => `${device.slice(-2)} ${at[0] / 1000}`)
  expect(devices).toEqual([`/0 ${BID}`, `/1 ${BID + 256}`, `/1 ${BID}`])
  expect(rooms.memory.get(`flukso sync ${A}`)).toEqual({ rid: 1, level: 8, bid: BID + 256 })
})

test('a past of days goes the way of history, whole', async () => {
  const old = BID - 40 * 4096
  const samples = Array.from({ length: 8 }, (_, i): [number, number] => [old + 300 * i, i * 1000])
  const blocks = new Map(blocksOf(A, 12, samples).map(({ name, bytes }) => [name.slice(33, -3), Buffer.from(bytes as Buffer)]))
  service.sensors.set(A, { token: TOKEN, blocks })
  put(blocks, A, 8, BID)
  await rig({ [A]: TOKEN }).round()
  expect([(await on(readingsTopic('flukso'))).length, (await on(backfillTopic('flukso'))).length]).toEqual([0, 2])
})

test('as many at a time as the settings say', async () => {
  const sids = Array.from({ length: 12 }, (_, i) => sidOf(100 + i))
  await service.close()
  service = await serveTmpo({ delayMs: 20 })
  for (const sid of sids) serve(sid, [BID])
  const it = rig(Object.fromEntries(sids.map((sid) => [sid, TOKEN])), { parallel: 3 })
  expect(await it.round()).toBe(12)
  expect(service.most()).toBe(3)
})

test('a sensor that is taken away is asked no more', async () => {
  serve(A, [BID])
  serve(C, [BID])
  const it = rig({ [A]: TOKEN, [C]: TOKEN })
  await it.round()
  it.tokens.delete(C)
  service.asks.length = 0
  await it.round()
  expect(paths().some((path) => path.includes(C))).toBe(false)
  expect(it.poll.health().map(({ sid }) => sid)).toEqual([A])
})

const OPENSSL = (() => {
  try {
    return execFileSync('openssl', ['version']).length > 0
  } catch {
    return false
  }
})()
test.skipIf(!OPENSSL)(
  'an authority of its own is trusted when the settings name it, and not before (skipped without openssl)',
  async () => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...names], {
      stdio: 'ignore'
    })
    const pem = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
    await service.close()
    service = await serveTmpo({ tls: pem })
    serve(A, [BID])
    const strange = rig({ [A]: TOKEN })
    await strange.round()
    expect(states(strange)).toEqual({ [A]: 'away' })
    expect(strange.said[0]).toMatch(/SELF_SIGNED.*: name the PEM of the service's authority under flukso\.http\.ca/)
    const trusted = rig({ [A]: TOKEN }, { ca: pem.cert })
    await trusted.round()
    expect(states(trusted)).toEqual({ [A]: 'fine' })
  }
)
