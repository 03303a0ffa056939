/** `node dist/bench/cassandra.js`: what the store on Cassandra costs beside a bare client that writes the same blocks, on an engine of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, types } from 'cassandra-driver'
import { openSession } from '../infra/cassandra/open.js'
import { CassandraStore } from '../infra/cassandra/store.js'
import { DATA_CENTER, startCassandra } from '../infra/local/cassandra.js'
import type { StoredReadings } from '../infra/store.js'
import { emptyReadings } from '../schemas/blocks.js'
import { memorySchemaIds, Wire } from '../schemas/wire.js'

const DAY = 86_400_000
const JAN = Date.UTC(2026, 0, 1)
const ROWS = 250
const SERIES = 100
const DAYS = 31
const DAY_NUMBERS = Array.from({ length: DAYS }, (_, day) => day)
const ROUNDS = 5
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

const median = (figures: readonly number[]): number => [...figures].sort((a, b) => a - b)[figures.length >> 1]

const folder = mkdtempSync(join(tmpdir(), 'wattledger-bench-'))
const node = await startCassandra(folder)
try {
  const wire = await Wire.open(memorySchemaIds())
  const session = await openSession({ contactPoints: [node.address], dataCenter: DATA_CENTER, keyspace: 'bench', replicas: 1 })
  const store = new CassandraStore(session, wire)
  const encoded = ({ block: each, position }: StoredReadings) => {
    const record = wire.encode('Readings', each)
    const { topic, partition, offset } = position
    const cell = [new types.Tuple(topic, partition, offset, record)]
    return { params: [each.point, each.register, BUCKET, each.at[0], offset, each.at[ROWS - 1] + 1, cell, offset], bytes: record.length }
  }
  /** A month of live days, all series each day; a month of files, one series after the other. */
  const cases = {
    'day by day': (name: string) => DAY_NUMBERS.map((day) => Array.from({ length: SERIES }, (_, i) => block(`${name} ${i}`, day, i + 1))),
    'month by month': (name: string) =>
      Array.from({ length: SERIES / 20 }, (_, batch) =>
        Array.from({ length: 20 * DAYS }, (_, i) => block(`${name} ${20 * batch + Math.floor(i / DAYS)}`, i % DAYS, i + 1))
      )
  }
  for (const [name, batchesOf] of Object.entries(cases)) {
    const rates: { bare: number[]; store: number[] } = { bare: [], store: [] }
    let bytes = 0
    for (let round = 0; round < ROUNDS; round++) {
      const plain = batchesOf(`bare ${round} ${name}`).map((batch) => batch.map(encoded))
      const whole = batchesOf(`store ${round} ${name}`)
      bytes = plain[0][0].bytes
      const count = whole.reduce((sum, batch) => sum + batch.length, 0)
      const works = {
        bare: async () => {
          for (const batch of plain) await bare(session.client, batch)
        },
        store: async () => {
          for (const batch of whole) await store.write({ readings: batch })
        }
      }
      // In turn, so that neither has the quieter engine.
      const order = round % 2 === 0 ? (['bare', 'store'] as const) : (['store', 'bare'] as const)
      for (const which of order) {
        const rate = count / (await seconds(works[which]))
        if (round > 0) rates[which].push(rate) // the first one warms up
      }
    }
    const [b, s] = [median(rates.bare), median(rates.store)]
    const ratio = median(rates.store.map((rate, i) => rate / rates.bare[i]))
    console.log(
      `${name}: ${bytes} bytes; bare ${b.toFixed(0)} blocks/s, store ${s.toFixed(0)} blocks/s (${((s * ROWS) / 1e6).toFixed(2)} M readings/s), ratio ${ratio.toFixed(2)}`
    )
  }
  for (const day of DAY_NUMBERS) await store.write({ readings: [block('month', day, day + 1)] })
  const month = async (what: string) => {
    const [whole, plain]: number[][] = [[], []]
    for (let i = 0; i < 100; i++) {
      whole.push(await seconds(() => store.readings({ point: 'month', register: '1.8.0' }, JAN, JAN + DAYS * DAY)))
      plain.push(await seconds(() => session.client.execute(SELECT, ['month', '1.8.0', BUCKET], { prepare: true })))
    }
    const [ms, bareMs] = [whole, plain].map((times) => 1000 * median(times.slice(20)))
    console.log(
      `a month of ${DAYS * ROWS} readings, ${what}: ${ms.toFixed(1)} ms decoded and in order; the rows alone, bare ${bareMs.toFixed(1)} ms`
    )
  }
  await month(`${DAYS} blocks`)
  const folding = await seconds(async () => {
    while (await store.foldClosedDays(JAN + 40 * DAY));
  })
  console.log(`folding what was written: ${folding.toFixed(1)} s`)
  await month('folded')
  await store.close()
} finally {
  await node.stop()
  rmSync(folder, { recursive: true })
}
