/**
 * `npm run bench:influx`, or `npm run bench:influx -- --quick`: the sink and the bare client, turn by turn, on an InfluxDB of its own.
 * Prints a section as it stands in bench/results.md.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { InfluxDB } from '@influxdata/influxdb-client'
import { openEmbedded } from '../infra/lmdb/open.js'
import { startInflux } from '../infra/local/influx.js'
import type { Log } from '../infra/log.js'
import type { SLOT_COLUMNS } from '../schemas/blocks.js'
import type { Slots } from '../schemas/generated.js'
import { Influx } from '../schemas/settings-influx.js'
import { allTopics, Topics } from '../schemas/topics.js'
import type { Wire } from '../schemas/wire.js'
import { slotLines } from '../sinks/influx/lines.js'
import { runInfluxSink } from '../sinks/influx/sink.js'
import { type Figure, median } from './figure.js'
import { sectionsOf } from './report.js'

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

const folder = mkdtempSync(join(tmpdir(), 'wattledger-bench-'))
const server = await startInflux(join(folder, 'influx'), { token: TOKEN, org: ORG })
const embedded = await openEmbedded(join(folder, 'ledger'))

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

try {
  const { log, wire } = embedded
  await log.create(allTopics([]))
  const blocks = Array.from({ length: POINTS }, (_, point) => block(point))
  await log.append(
    Topics.slots,
    blocks.map((each) => ({ key: each.point, value: wire.encode('Slots', each) }))
  )
  const lines = blocks.flatMap((each) => [...slotLines(each)])
  const [ours, theirs]: Measured[][] = [[], []]
  // The first round of each is the runtime's: it compiles.
  for (let round = 0; round <= ROUNDS; round++) {
    await makeBucket(`sink-${round}`)
    await makeBucket(`bare-${round}`)
    const one = await measure(lines.length, () => sink(log, wire, `sink-${round}`))
    const other = await measure(lines.length, () => bare(lines, `bare-${round}`))
    if (round === 0) continue
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
    }
  ]
  console.log(sectionsOf(figures))
  console.error(
    `Load of the machine (1, 5, 15 minutes): ${loadavg()
      .map((average) => average.toFixed(1))
      .join(', ')}`
  )
} finally {
  await embedded.close()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
