import { join } from 'node:path'
import { type Client, types } from 'cassandra-driver'
import { openSession } from '../infra/cassandra/open.js'
import { CassandraStore } from '../infra/cassandra/store.js'
import { DATA_CENTER, startCassandra } from '../infra/local/cassandra.js'
import type { StoredReadings } from '../infra/store.js'
import { emptyReadings } from '../schemas/blocks.js'
import { memorySchemaIds, Wire } from '../schemas/wire.js'
import { type Figure, median } from './figure.js'

const DAY = 86_400_000
const JAN = Date.UTC(2026, 0, 1)
const ROWS = 250
const SERIES = 100
const DAYS = 31
const DAY_NUMBERS = Array.from({ length: DAYS }, (_, day) => day)
const IN_FLIGHT = 32

const block = (point: string, day: number, offset: number): StoredReadings => {
  const at = Array.from({ length: ROWS }, (_, i) => JAN + day * DAY + i * 345_000 + ((i * 7919) % 997))
  const zeros = at.map(() => 0)
  return {
    position: { topic: 'readings.bench', partition: 1, offset },
    block: {
      ...emptyReadings(),
      point,
      register: '1.8.0',
      kind: 'COUNTER',
      unit: 'Wh',
      source: 'bench',
      rows: ROWS,
      at,
      span: zeros,
      value: at.map((_, i) => day * 100_000 + i * 100 + ((i * 104_729) % 89)),
      quality: at.map(() => 4),
      code: zeros,
      flags: zeros,
      line: at.map((_, i) => i + 1)
    }
  }
}

const INSERT =
  "INSERT INTO readings (point, register, grid, bucket, first, made, tag, last, bundle) VALUES (?, ?, '', ?, ?, 0, ?, ?, ?) USING TIMESTAMP ?"

const SELECT = "SELECT bundle FROM readings WHERE point = ? AND register = ? AND grid = '' AND bucket = ?"
/** January 2026. */
const BUCKET = 672

/** As fast as this driver goes: encoded before, a statement a block, so many in flight. */
const bare = async (client: Client, blocks: readonly { params: unknown[] }[]): Promise<void> => {
  let next = 0
  const worker = async () => {
    for (let i = next++; i < blocks.length; i = next++) await client.execute(INSERT, blocks[i].params, { prepare: true })
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

const PART = 'Store on Cassandra'
const BARE = 'a bare client'

const encodedBy =
  (wire: Wire) =>
  ({ block: each, position }: StoredReadings) => {
    const { topic, partition, offset } = position
    const cell = [new types.Tuple(topic, partition, offset, wire.encode('Readings', each))]
    return { params: [each.point, each.register, BUCKET, each.at[0], offset, each.at[ROWS - 1] + 1, cell, offset] }
  }

/** A month of live days, all series each day; a month of files, one series after the other. */
const ORDERS = {
  'day by day': (name: string) => DAY_NUMBERS.map((day) => Array.from({ length: SERIES }, (_, i) => block(`${name} ${i}`, day, i + 1))),
  'month by month': (name: string) =>
    Array.from({ length: SERIES / 20 }, (_, batch) =>
      Array.from({ length: 20 * DAYS }, (_, i) => block(`${name} ${20 * batch + Math.floor(i / DAYS)}`, i % DAYS, i + 1))
    )
}

const writing = async (store: CassandraStore, client: Client, wire: Wire, order: keyof typeof ORDERS, rounds: number): Promise<Figure> => {
  const encoded = encodedBy(wire)
  const rates: { bare: number[]; store: number[] } = { bare: [], store: [] }
  for (let round = 0; round <= rounds; round++) {
    const plain = ORDERS[order](`bare ${round} ${order}`).map((batch) => batch.map(encoded))
    const whole = ORDERS[order](`store ${round} ${order}`)
    const works = {
      bare: async () => {
        for (const batch of plain) await bare(client, batch)
      },
      store: async () => {
        for (const batch of whole) await store.write({ readings: batch })
      }
    }
    // In turn, so that neither has the quieter engine.
    for (const which of round % 2 === 0 ? (['bare', 'store'] as const) : (['store', 'bare'] as const)) {
      const rate = (SERIES * DAYS * ROWS) / (await seconds(works[which]))
      if (round > 0) rates[which].push(rate) // the first one warms up
    }
  }
  const peer = { name: BARE, value: median(rates.bare) }
  const what = `blocks of ${ROWS} readings written, ${order}`
  return { part: PART, what, value: median(rates.store), unit: 'readings/s', peer, aim: { least: 0.9 * peer.value } }
}

const reading = async (store: CassandraStore, client: Client, what: string): Promise<Figure> => {
  const [whole, plain]: number[][] = [[], []]
  for (let i = 0; i < 100; i++) {
    whole.push(await seconds(() => store.readings({ point: 'month', register: '1.8.0' }, JAN, JAN + DAYS * DAY)))
    plain.push(await seconds(() => client.execute(SELECT, ['month', '1.8.0', BUCKET], { prepare: true })))
  }
  const [ms, bareMs] = [whole, plain].map((times) => 1000 * median(times.slice(20)))
  const peer = { name: `${BARE}, not decoded`, value: bareMs }
  return { part: PART, what: `a month of ${DAYS * ROWS} readings, ${what}, decoded and in order`, value: ms, unit: 'ms', peer }
}

/** What the store on Cassandra costs beside a bare client that writes and reads the same blocks, on an engine of its own. */
export const cassandra = async (folder: string, rounds: number): Promise<Figure[]> => {
  const node = await startCassandra(join(folder, 'cassandra'))
  try {
    const wire = await Wire.open(memorySchemaIds())
    const session = await openSession({ contactPoints: [node.address], dataCenter: DATA_CENTER, keyspace: 'bench', replicas: 1 })
    const { client } = session
    const store = new CassandraStore(session, wire)
    const figures: Figure[] = []
    for (const order of ['day by day', 'month by month'] as const) figures.push(await writing(store, client, wire, order, rounds))
    for (const day of DAY_NUMBERS) await store.write({ readings: [block('month', day, day + 1)] })
    figures.push(await reading(store, client, `${DAYS} blocks`))
    while (await store.foldClosedDays(JAN + 40 * DAY));
    figures.push(await reading(store, client, 'folded'))
    await store.close()
    return figures
  } finally {
    await node.stop()
  }
}
