/**
 * `npm run bench:influx`, or `npm run bench:influx -- --quick`: the sink and the bare client, turn by turn, and the sink and Telegraf, both
 * from a Kafka of their own, on an InfluxDB of their own. Writes its chapter of bench/results.md.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InfluxDB } from '@influxdata/influxdb-client'
import { KafkaLog } from '../infra/kafka/log.js'
import { openEmbedded } from '../infra/lmdb/open.js'
import { startInflux } from '../infra/local/influx.js'
import { startKafka } from '../infra/local/kafka.js'
import type { Log } from '../infra/log.js'
import { topicSchemaIds } from '../infra/schema-registry/topic.js'
import type { SLOT_COLUMNS } from '../schemas/blocks.js'
import type { Slots } from '../schemas/generated.js'
import { Influx } from '../schemas/settings-influx.js'
import { allTopics, Topics } from '../schemas/topics.js'
import { Wire } from '../schemas/wire.js'
import { slotLines } from '../sinks/influx/lines.js'
import { runInfluxSink } from '../sinks/influx/sink.js'
import { type Figure, median } from './figure.js'
import { influxReportOf } from './report.js'
import { writeChapter } from './results.js'
import { buildTelegraf, runTelegraf, TELEGRAF } from './telegraf.js'

const quick = process.argv.includes('--quick')
const POINTS = quick ? 200 : 1000
/** A month of hours, as a file of one brings them. */
const ROWS = 720
const ROUNDS = quick ? 1 : 5
const BATCH = 5000
const IN_FLIGHT = 3
const HOUR = 3_600_000
const JAN = Date.UTC(2026, 0, 1)
const TOKEN = 'a-token-for-this-run'
const ORG = 'bench'
const PARTITIONS = 4
const LINES = 'bench.lines'
/** Records appended at once. */
const AT_ONCE = 20_000

const block = (point: number): Slots => {
  const column = (of: (i: number) => number) => Array.from({ length: ROWS }, (_, i) => of(i))
  const columns: Record<(typeof SLOT_COLUMNS)[number], number[]> = {
    start: column((i) => JAN + i * HOUR),
    end: column((i) => JAN + (i + 1) * HOUR),
    amount: column((i) => (i * 7919 + point * 104_729) % 2_000_000),
    op: column(() => 0),
    quality: column(() => 4),
    coveredMs: column(() => HOUR),
    estimatedMs: column(() => 0),
    expected: column(() => -1),
    received: column(() => 60),
    rev: column(() => 1),
    knownAt: column((i) => JAN + (i + 1) * HOUR)
  }
  const head = { point: `bench/${point}`, register: '1.8.0', unit: 'Wh', source: 'bench', grid: 'PT1H', scale: 3, beat: 0, rows: ROWS }
  return { ...head, ...columns }
}

const startedAt = performance.now()
const folder = mkdtempSync(join(tmpdir(), 'wattledger-bench-'))
const server = await startInflux(join(folder, 'influx'), { token: TOKEN, org: ORG })
const embedded = await openEmbedded(join(folder, 'ledger'))
const telegraf = await buildTelegraf()
const kafka = await startKafka(join(folder, 'kafka'))
const kafkaLog = await KafkaLog.open({ brokers: kafka.brokers, partitions: PARTITIONS })

const makeBucket = async (name: string): Promise<void> => {
  const headers = { authorization: `Token ${TOKEN}`, 'content-type': 'application/json' }
  const { orgs } = (await (await fetch(`${server.url}/api/v2/orgs?org=${ORG}`, { headers })).json()) as { orgs: { id: string }[] }
  const made = await fetch(`${server.url}/api/v2/buckets`, { method: 'POST', headers, body: JSON.stringify({ orgID: orgs[0].id, name }) })
  if (!made.ok) throw new Error(await made.text())
}

interface Measured {
  linesPerSecond: number
  cpuMicroseconds: number
}

const measure = async (lines: number, work: () => Promise<void>): Promise<Measured> => {
  const [began, cpu] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return { linesPerSecond: (lines / (performance.now() - began)) * 1000, cpuMicroseconds: (user + system) / lines }
}

/** Reads the log, decodes, builds lines, writes, commits. */
const sink = async (log: Log, wire: Wire, bucket: string): Promise<void> => {
  const settings = Influx.parse({ url: server.url, org: ORG, bucket, token: { env: 'NOT_READ' }, gauges: false, batchRows: BATCH })
  const { processing, counts } = runInfluxSink(settings, { log, wire, sources: [], token: () => TOKEN, now: Date.now })
  await processing.drained()
  await processing.stop()
  if (counts.written !== POINTS * ROWS) throw new Error(`It wrote ${counts.written} rows.`)
}

/** Lines that are there already, as fast as the client takes them. */
const bare = async (lines: readonly string[], bucket: string): Promise<void> => {
  const influx = new InfluxDB({ url: server.url, token: TOKEN })
  let next = 0
  const lane = async () => {
    const api = influx.getWriteApi(ORG, bucket, 'ms', { batchSize: BATCH + 1, flushInterval: 0, maxRetries: 0 })
    for (let from = next; from < lines.length; from = next) {
      next += BATCH
      api.writeRecords(lines.slice(from, from + BATCH))
      await api.flush()
    }
    await api.close()
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
}

/** Points of a bucket, by InfluxQL; 0 while there are none. */
const counted = async (bucket: string): Promise<number> => {
  const query = new URLSearchParams({ db: bucket, q: 'SELECT count(milli) FROM energy' })
  const answer = await fetch(`${server.url}/query?${query}`, { headers: { authorization: `Token ${TOKEN}` } })
  const { results } = (await answer.json()) as { results?: { series?: { values: [string, number][] }[] }[] }
  return results?.[0]?.series?.[0]?.values[0][1] ?? 0
}

const byTelegraf = async (lines: number, round: number): Promise<Measured> => {
  const bucket = `telegraf-${round}`
  const job = {
    folder,
    brokers: kafka.brokers,
    topic: LINES,
    group: bucket,
    url: server.url,
    token: TOKEN,
    org: ORG,
    bucket,
    batchLines: BATCH
  }
  const began = performance.now()
  const cpuSeconds = await runTelegraf(telegraf, job, async () => (await counted(bucket)) >= lines)
  return { linesPerSecond: (lines / (performance.now() - began)) * 1000, cpuMicroseconds: (cpuSeconds * 1e6) / lines }
}

try {
  const { log, wire } = embedded
  await log.create(allTopics([]))
  const blocks = Array.from({ length: POINTS }, (_, point) => block(point))
  await log.append(
    Topics.slots,
    blocks.map((each) => ({ key: each.point, value: wire.encode('Slots', each) }))
  )
  const lines = blocks.flatMap((each) => slotLines(each))
  await kafkaLog.create([...allTopics([]), LINES])
  const kafkaWire = await Wire.open(await topicSchemaIds(kafkaLog))
  await kafkaLog.append(
    Topics.slots,
    blocks.map((each) => ({ key: each.point, value: kafkaWire.encode('Slots', each) }))
  )
  for (let from = 0; from < lines.length; from += AT_ONCE) {
    const some = lines.slice(from, from + AT_ONCE)
    await kafkaLog.append(
      LINES,
      some.map((line, i) => ({ key: '', value: Buffer.from(line), partition: (from + i) % PARTITIONS }))
    )
  }
  const [ours, theirs, onKafka, peers]: Measured[][] = [[], [], [], []]
  // The first round of each is the runtime's: it compiles.
  for (let round = 0; round <= ROUNDS; round++) {
    await makeBucket(`sink-${round}`)
    await makeBucket(`bare-${round}`)
    const one = await measure(lines.length, () => sink(log, wire, `sink-${round}`))
    const other = await measure(lines.length, () => bare(lines, `bare-${round}`))
    await makeBucket(`kafka-${round}`)
    await makeBucket(`telegraf-${round}`)
    const kafkaOne = await measure(lines.length, () => sink(kafkaLog, kafkaWire, `kafka-${round}`))
    const peer = await byTelegraf(lines.length, round)
    if (round === 0) continue
    onKafka.push(kafkaOne)
    peers.push(peer)
    ours.push(one)
    theirs.push(other)
  }
  const rate = (all: readonly Measured[]) => median(all.map(({ linesPerSecond }) => linesPerSecond))
  const cpu = (all: readonly Measured[]) => median(all.map(({ cpuMicroseconds }) => cpuMicroseconds))
  const part = 'InfluxDB sink'
  const figures: Figure[] = [
    {
      part,
      what: `rows of the log in InfluxDB, blocks of ${ROWS}, ${POINTS} points, ${ROUNDS} rounds by turns`,
      value: rate(ours),
      unit: 'lines/s',
      aim: { least: 0.9 * rate(theirs) },
      peer: { name: 'the bare client with lines made before', value: rate(theirs) }
    },
    {
      part,
      what: 'CPU of our process, decoding and all',
      value: cpu(ours),
      unit: 'µs a line',
      peer: { name: 'the bare client', value: cpu(theirs) }
    },
    {
      part,
      what: 'from Kafka, on the clock',
      value: rate(onKafka),
      unit: 'lines/s',
      peer: { name: TELEGRAF, value: rate(peers) }
    },
    {
      part,
      what: 'from Kafka, per second of CPU time',
      value: 1e6 / cpu(onKafka),
      unit: 'lines/s',
      aim: { least: 1.5 * (1e6 / cpu(peers)) },
      peer: { name: TELEGRAF, value: 1e6 / cpu(peers) }
    }
  ]
  const seconds = (performance.now() - startedAt) / 1000
  const text = influxReportOf(figures, { mode: quick ? 'quick' : 'full', seconds, now: new Date() })
  console.log(text)
  // A quick look is no result.
  if (!quick) writeChapter('InfluxDB', text)
} finally {
  await kafkaLog.close()
  await kafka.close()
  await embedded.close()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
