import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readAll } from '../infra/compacted.js'
import { KafkaLog } from '../infra/kafka/log.js'
import { startKafka } from '../infra/local/kafka.js'
import { topicSchemaIds } from '../infra/schema-registry/topic.js'
import { type Readings, SCHEMAS } from '../schemas/generated.js'
import { backfillTopic, readingsTopic, Topics } from '../schemas/topics.js'
import { Wire } from '../schemas/wire.js'
import { counterBlocks } from './blocks.js'
import { type Figure, median, percentile } from './figure.js'
import { buildStreams, runStreams, STREAMS } from './streams.js'
import type { Spent } from './time.js'

export interface FoldSize {
  /** Readings in each record. */
  rows: number
  /** Series; each has as many records as all others, the first of them for the warm-up. */
  points: number
  recordsEach: number
  /** Records of each that only warm up. */
  warmEach: number
  /** How many times our rows per CPU-second are to be the peer's. */
  aim?: number
}

/** `commitsMs`: how long each commit took, from its first record to the broker's answer. */
export type FoldSpent = Spent & { commitsMs: number[] }

const run = promisify(execFile)

const CHILD = fileURLToPath(new URL('./kafka-fold-child.js', import.meta.url))
const PARTITIONS = 4
const SOURCE = 'flukso'
const THEIRS = 'streams.intervals'
const AT_ONCE = 2000

const pointOf = (index: number): string => `${SOURCE}/${createHash('md5').update(`counter ${index}`).digest('hex')}`

/** Every series shows the same: one block of each in turn, then the next of each. */
function* recordsOf(wire: Wire, { rows, points, recordsEach }: FoldSize): Generator<{ key: string; value: Buffer }> {
  const names = Array.from({ length: points }, (_, i) => pointOf(i))
  for (const block of counterBlocks(recordsEach, rows)) {
    for (const point of names) {
      const readings: Readings = { ...block, point }
      yield { key: point, value: wire.encode('Readings', readings) }
    }
  }
}

const fill = async (log: KafkaLog, wire: Wire, size: FoldSize): Promise<void> => {
  let batch: { key: string; value: Buffer }[] = []
  const send = async () => {
    await log.append(readingsTopic(SOURCE), batch)
    batch = []
  }
  for (const record of recordsOf(wire, size)) {
    batch.push(record)
    if (batch.length === AT_ONCE) await send()
  }
  await send()
}

/** Rows, energy and provenance of one of the runs that wrote a topic: two folds that agree in these have done the same work. */
const tallyOf = async (log: KafkaLog, wire: Wire, topic: string, runs: number): Promise<string> => {
  const sum = { rows: 0, milli: 0, ms: 0, offsets: 0 }
  for await (const { value } of readAll(log, topic)) {
    const block = wire.decode('Intervals', value!)
    sum.rows += block.rows
    for (let i = 0; i < block.rows; i++) {
      sum.milli += block.milli[i]
      sum.ms += block.end[i] - block.start[i]
      sum.offsets += block.toOffset[i] - block.fromOffset[i]
    }
  }
  return JSON.stringify(Object.entries(sum).map(([what, figure]) => [what, figure / runs]))
}

/**
 * The fold on Kafka, each record of so many readings, exactly once and at least once, and beside it the same fold by Kafka Streams, on a
 * broker of their own. Rejects when the two made different rows.
 */
export const kafkaFold = async (folder: string, size: FoldSize, rounds: number): Promise<Figure[]> => {
  const { rows, points, recordsEach, warmEach, aim } = size
  const built = await buildStreams()
  const cluster = await startKafka(join(folder, `fold-${rows}`))
  try {
    const brokers = cluster.brokers.join(',')
    const log = await KafkaLog.open({ brokers: cluster.brokers, partitions: PARTITIONS })
    const inputs = [readingsTopic(SOURCE), backfillTopic(SOURCE)]
    await log.create([
      Topics.schemas,
      Topics.registryPoints,
      Topics.commands,
      Topics.answers,
      Topics.intervals,
      Topics.suspect,
      THEIRS,
      ...inputs
    ])
    const ids = await topicSchemaIds(log)
    const wire = await Wire.open(ids)
    await fill(log, wire, size)
    const id = await ids.register('Intervals', SCHEMAS.Intervals)
    const [warm, all] = [points * warmEach, points * recordsEach]
    const fold = async (round: number, guarantee: string): Promise<FoldSpent> => {
      const args = [brokers, PARTITIONS, `energy ${guarantee} ${round}`.replaceAll(' ', '-'), SOURCE, warm, all, guarantee]
      return JSON.parse((await run(process.execPath, [CHILD, ...args.map(String)])).stdout)
    }
    const works = {
      ours: (round: number) => fold(round, 'exactly once'),
      looser: (round: number) => fold(round, 'at least once'),
      theirs: (round: number) => runStreams(built, [brokers, `streams-${round}`, readingsTopic(SOURCE), THEIRS, id, warm, all])
    }
    const spent: AllSpent = { ours: [], looser: [], theirs: [] }
    for (let round = 0; round < rounds; round++) {
      // In turn, so that neither has the warmer broker.
      const theirs = async () => void spent.theirs.push(await works.theirs(round))
      if (round % 2 === 1) await theirs()
      spent.ours.push(await works.ours(round))
      spent.looser.push(await works.looser(round))
      if (round % 2 === 0) await theirs()
    }
    const ours = await tallyOf(log, wire, Topics.intervals, 2 * rounds)
    const theirs = await tallyOf(log, wire, THEIRS, rounds)
    if (ours !== theirs) throw new Error(`The two folds differ: ${ours} and ${theirs}.`)
    await log.close()
    return figuresOf(rows, (all - warm) * rows, spent, aim)
  } finally {
    await cluster.close()
  }
}

interface AllSpent {
  ours: FoldSpent[]
  looser: FoldSpent[]
  theirs: Spent[]
}

const figuresOf = (rows: number, readings: number, { ours, looser, theirs }: AllSpent, aim?: number): Figure[] => {
  const rate = (spent: readonly Spent[], of: keyof Spent) => median(spent.map((each) => readings / each[of]))
  const head = { part: 'Energy fold on Kafka', unit: 'readings/s' }
  const figure = (what: string, of: keyof Spent) => ({
    ...head,
    what: `records of ${rows}, exactly once, ${what}`,
    value: rate(ours, of),
    peer: { name: STREAMS, value: rate(theirs, of) }
  })
  const perCpu = figure('per second of CPU time', 'cpuSeconds')
  const commits = ours.flatMap(({ commitsMs }) => commitsMs)
  return [
    figure('on the clock', 'seconds'),
    { ...perCpu, ...(aim !== undefined && { aim: { least: aim * perCpu.peer.value } }) },
    {
      ...head,
      what: `records of ${rows}, at least once, per second of CPU time`,
      value: rate(looser, 'cpuSeconds'),
      peer: { name: 'exactly once', value: perCpu.value }
    },
    ...[0.5, 0.99].map((share) => ({
      part: head.part,
      what: `records of ${rows}, exactly once, a commit, p${share * 100} of ${commits.length}`,
      value: percentile(commits, share),
      unit: 'ms'
    }))
  ]
}
