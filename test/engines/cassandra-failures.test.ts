import { readFileSync } from 'node:fs'
import type { Client } from 'cassandra-driver'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../infra/cassandra/migrate.js'
import { MIGRATIONS } from '../../infra/cassandra/migrations.js'
import { type CassandraSettings, openCassandra, openSession } from '../../infra/cassandra/open.js'
import { Session } from '../../infra/cassandra/session.js'
import { CassandraStore } from '../../infra/cassandra/store.js'
import { Refused, Unavailable } from '../../infra/errors.js'
import type { Store, StoreBatch, StoredReadings } from '../../infra/store.js'
import { emptyReadings } from '../../schemas/blocks.js'
import type { Reject } from '../../schemas/generated.js'
import { memorySchemaIds, Wire } from '../../schemas/wire.js'
import { type CassandraRig, cassandraRig } from './cassandra.js'

const HOUR = 3_600_000
const JAN = Date.UTC(2026, 0, 1)
const FEB = Date.UTC(2026, 1, 1)
const series = { point: 'ES0031000000000001AA', register: '1.8.0' }

let rig: CassandraRig
let wire: Wire
beforeAll(async () => {
  rig = await cassandraRig({ forgetful: true })
  wire = await Wire.open(memorySchemaIds())
}, 240_000)
afterAll(() => rig?.close())

const readings = (offset: number, at = [JAN + offset * 60_000], over: { point?: string } = {}): StoredReadings => {
  const zeros = at.map(() => 0)
  return {
    block: {
      ...emptyReadings(),
      ...series,
      source: 'test',
      rows: at.length,
      at,
      span: zeros,
      value: at,
      quality: zeros,
      code: zeros,
      flags: zeros,
      line: zeros,
      ...over
    },
    position: { topic: 'readings.test', partition: 1, offset }
  }
}

const reject = (line: number, parserVersion: number, reason: string): Reject => ({
  source: 'test',
  origin: 'aa',
  name: 'file.csv',
  line,
  field: '',
  reason,
  expected: '',
  found: '',
  advice: '',
  ingestedAt: JAN + line,
  parserVersion
})

const offsets = async (store: Store) => (await store.readings(series, JAN, FEB)).map(({ position }) => position.offset)
const range = (count: number) => Array.from({ length: count }, (_, i) => i)

/** A session of which a write is broken off, as if the process had died there: what was sent before stands. */
class Mortal extends Session {
  constructor(
    client: Client,
    private writesLeft: number
  ) {
    super(client)
  }

  override async write(...args: Parameters<Session['write']>): Promise<void> {
    if (--this.writesLeft < 0) throw new Unavailable('The process died here.')
    await super.write(...args)
  }
}

describe('tables', () => {
  const plain = async (settings: CassandraSettings) => {
    const session = await openSession(settings)
    return session.client
  }

  test('made by three at once are made once', async () => {
    const settings = rig.settings()
    const stores = await Promise.all(range(3).map(() => openCassandra(settings, wire)))
    for (const [i, store] of stores.entries()) await store.write({ readings: [readings(i)] })
    expect(await offsets(stores[0])).toEqual([0, 1, 2])
    await Promise.all(stores.map((store) => store.close()))
  })

  test('a migration that was broken off is done again; one of a newer program is left alone', async () => {
    const client = await plain(rig.settings())
    const more = [...MIGRATIONS, ['CREATE TABLE IF NOT EXISTS extra (a int PRIMARY KEY)', 'ALTER TABLE extra ADD IF NOT EXISTS b int']]
    await expect(migrate(client, [...MIGRATIONS, [more.at(-1)![0], 'no statement']])).rejects.toThrow()
    await migrate(client, more)
    await client.execute('INSERT INTO extra (a, b) VALUES (1, 2)')
    await migrate(client, more)
    await expect(migrate(client, MIGRATIONS)).rejects.toThrow(Refused)
    await client.shutdown()
  })

  test('are those of the documentation', async () => {
    const client = await plain(rig.settings())
    const { rows } = await client.execute('SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?', [client.keyspace])
    const told = readFileSync(new URL('../../docs/cassandra.md', import.meta.url), 'utf8').matchAll(/^\| `(\w+)` \|/gm)
    expect(rows.map(({ table_name }) => table_name).sort()).toEqual(Array.from(told, ([, name]) => name).sort())
    await client.shutdown()
  })

  test('a keyspace that is no name is refused before anything is done', async () => {
    await expect(openCassandra({ ...rig.settings(), keyspace: 'a; DROP' }, wire)).rejects.toThrow(Refused)
  })
})

describe('a write that was broken off', () => {
  /** Rows of every table: two series, a revised reject, several months. */
  const before: StoreBatch = { rejects: [reject(1, 1, 'not-a-number'), reject(2, 1, 'not-a-number')], readings: [readings(1)] }
  const batch: StoreBatch = {
    readings: [readings(2), readings(3, [FEB - HOUR, FEB + HOUR])],
    rejects: [reject(1, 2, 'in-the-future'), reject(2, 2, 'not-a-number'), reject(3, 1, 'control-letters')]
  }
  const state = async (store: Store) => ({
    offsets: await offsets(store),
    rejects: await store.rejects({ limit: 10 }),
    future: await store.rejects({ reason: 'in-the-future', limit: 10 }),
    counts: [...(await store.counts('rejects'))].sort()
  })

  test('wherever it was, written again it is as if it had not been', async () => {
    const undisturbed = await openCassandra(rig.settings(), wire)
    await undisturbed.write(before)
    await undisturbed.write(batch)
    const expected = await state(undisturbed)
    await undisturbed.close()
    expect(expected.counts).toEqual([
      ['control-letters', 1],
      ['in-the-future', 1],
      ['not-a-number', 1]
    ])
    const { client } = await openSession(rig.settings())
    const tables = ['readings', 'buckets', 'foldable', 'contents', 'rejects', 'reject_order']
    let died = true
    for (let writes = 0; died; writes++) {
      for (const table of tables) await client.execute(`TRUNCATE ${table}`)
      const store = new CassandraStore(new Session(client), wire)
      await store.write(before)
      died = await new CassandraStore(new Mortal(client, writes), wire).write(batch).then(
        () => false,
        () => true
      )
      await new CassandraStore(new Session(client), wire).write(batch)
      expect(await state(store), `after ${writes} writes`).toEqual(expected)
    }
    await client.shutdown()
  })

  test('a fold that was broken off loses nothing, and the next one ends it', async () => {
    const { client } = await openSession(rig.settings())
    let died = true
    for (let writes = 0; died; writes++) {
      for (const table of ['readings', 'buckets', 'foldable', 'contents']) await client.execute(`TRUNCATE ${table}`)
      const store = new CassandraStore(new Session(client), wire)
      for (const i of range(5)) await store.write({ readings: [readings(i)] })
      await store.write({ readings: [readings(99, [FEB - HOUR])] })
      died = await new CassandraStore(new Mortal(client, writes), wire).foldClosedDays(JAN + HOUR).then(
        () => false,
        () => true
      )
      expect(await offsets(store)).toEqual([...range(5), 99])
      while (await store.foldClosedDays(FEB));
      expect(await offsets(store)).toEqual([...range(5), 99])
      const { rows } = await client.execute('SELECT made FROM readings')
      expect(
        rows.map(({ made }) => made),
        `after ${writes} writes`
      ).toEqual([2])
    }
    await client.shutdown()
  })
})

/** A session that lets something happen between the first and the second page of what it reads. */
class Interrupted extends Session {
  constructor(
    client: Client,
    private between: (() => Promise<void>) | null
  ) {
    super(client)
  }

  override async page(...args: Parameters<Session['page']>): ReturnType<Session['page']> {
    const page = await super.page(...args)
    const { between } = this
    if (page.next === null || between === null) return page
    this.between = null
    await between()
    return page
  }
}

describe('two at once', () => {
  test('a fold between two pages takes no row from the reader', async () => {
    const { client } = await openSession(rig.settings())
    const store = new CassandraStore(new Session(client), wire)
    for (const day of range(9)) await store.write({ readings: [readings(1000 * day)] })
    for (const i of range(450)) await store.write({ readings: [readings(1000 * (i % 9) + i + 1)] })
    const expected = await offsets(store)
    let folded = false
    const reader = new CassandraStore(
      new Interrupted(client, async () => {
        while (await store.foldClosedDays(FEB)) folded = true
      }),
      wire
    )
    expect(await offsets(reader)).toEqual(expected)
    expect([expected.length, folded]).toEqual([459, true])
    await client.shutdown()
  })

  test('whoever reads while others write and fold misses nothing', async () => {
    const settings = rig.settings()
    const [store, other] = await Promise.all([openCassandra(settings, wire), openCassandra(settings, wire)])
    const blocks = 1500
    let written = 0
    const writing = (async () => {
      for (; written < blocks; written += 50) await store.write({ readings: range(50).map((i) => readings(written + i)) }).then(() => {})
    })()
    let running = true
    const folding = [store, other].map(async (each) => {
      while (running) await each.foldClosedDays(FEB)
    })
    const reading = (async () => {
      while (running) {
        const atLeast = written
        expect((await offsets(other)).slice(0, atLeast)).toEqual(range(atLeast))
      }
    })()
    await writing
    expect(await offsets(other)).toEqual(range(blocks))
    running = false
    await Promise.all([...folding, reading])
    while (await store.foldClosedDays(FEB));
    expect(await offsets(store)).toEqual(range(blocks))
    await Promise.all([store.close(), other.close()])
  })
})

describe('trouble', () => {
  test('what is too long for a key is refused, and what was beside it goes in without it', async () => {
    const store = await openCassandra(rig.settings(), wire)
    const long = readings(1, [JAN], { point: 'x'.repeat(70_000) })
    await expect(store.write({ readings: [long] })).rejects.toThrow(Refused)
    await expect(store.write({ readings: [readings(2), long] })).rejects.toThrow(Refused)
    await store.write({ readings: [readings(2)] })
    expect(await offsets(store)).toEqual([2])
    await store.close()
  })

  test('a table that is missing is nobody’s row: the batch is not set aside', async () => {
    const session = await openSession(rig.settings())
    await session.client.execute('DROP TABLE rejects')
    const writing = new CassandraStore(session, wire).write({ rejects: [reject(1, 1, 'x')] })
    await expect(writing).rejects.toThrow(/rejects/)
    await expect(writing).rejects.not.toThrow(Refused)
    await session.client.shutdown()
  })

  test('while the node is dead writes are Unavailable; back again, all that was acknowledged is there', async () => {
    const frail = await cassandraRig()
    onTestFinished(frail.close)
    const store = await openCassandra(frail.settings(), wire)
    let acknowledged = 0
    const writing = (async () => {
      for (;;) {
        await store.write({ readings: [readings(acknowledged)] })
        if (++acknowledged === 100) void frail.kill()
      }
    })()
    await expect(writing).rejects.toThrow(Unavailable)
    await expect(store.readings(series, JAN, FEB)).rejects.toThrow(Unavailable)
    await frail.restart()
    await expect.poll(() => offsets(store).catch(String), { timeout: 30_000 }).toEqual(expect.arrayContaining(range(acknowledged)))
    await store.write({ readings: [readings(acknowledged)] })
    expect(await offsets(store)).toEqual(range(acknowledged + 1))
    await store.close()
  }, 240_000)

  test('TLS and a password: who has them gets in, who has not is told which', async () => {
    const safe = await cassandraRig({ secure: true })
    onTestFinished(safe.close)
    const login = { user: 'cassandra', password: 'cassandra' }
    const settings = { ...safe.settings(), tls: { ca: safe.certificate } }
    // The first login is made a moment after the node answers.
    await expect
      .poll(() => openSession({ ...settings, login }).then(({ client }) => client.shutdown(), String), { timeout: 60_000 })
      .toBe(undefined)
    const store = await openCassandra({ ...settings, login }, wire)
    await store.write({ readings: [readings(1)] })
    expect(await offsets(store)).toEqual([1])
    await store.close()
    const wrong = openSession({ ...settings, login: { user: 'cassandra', password: 'guess-me-not' } })
    await expect(wrong).rejects.toThrow(/password/)
    await expect(wrong).rejects.not.toThrow(/guess-me-not/)
    await expect(openSession({ ...settings, login, tls: {} })).rejects.toThrow(/certificate/)
    await expect(openSession({ ...settings, login, tls: undefined })).rejects.toThrow(Unavailable)
  }, 240_000)
})
