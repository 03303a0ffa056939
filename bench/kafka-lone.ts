import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaLog } from '../infra/kafka/log.js'
import { openEmbedded } from '../infra/lmdb/open.js'
import { startKafka } from '../infra/local/kafka.js'
import { topicSchemaIds } from '../infra/schema-registry/topic.js'
import { energy } from '../processors/energy/fold.js'
import { runFold } from '../processors/run.js'
import { partitionOf } from '../schemas/partition.js'
import { readingsTopic, Topics } from '../schemas/topics.js'
import { Wire } from '../schemas/wire.js'
import { type Figure, percentile } from './figure.js'
import { POINT, pulse } from './pulse.js'

const PARTITIONS = 4
const PAUSE_MS = 10
const WARM = 50
const [SOURCE] = POINT.split('/')

/** One reading a time on an idle fold: appended, until its interval is committed and read; and, beside it, until an append is stored. */
export const kafkaLone = async (folder: string, readings: number): Promise<Figure[]> => {
  const cluster = await startKafka(join(folder, 'lone'))
  const ledger = await openEmbedded(join(folder, 'lone', 'ledger'))
  try {
    const log = await KafkaLog.open({ brokers: cluster.brokers, partitions: PARTITIONS })
    await log.create([
      Topics.schemas,
      Topics.registryPoints,
      Topics.commands,
      Topics.answers,
      Topics.intervals,
      Topics.suspect,
      ...energy.inputs([SOURCE])
    ])
    const wire = await Wire.open(await topicSchemaIds(log))
    const { processing } = runFold(energy, { log, store: ledger.store, wire, storeGroup: 'none', sources: [SOURCE] })
    const began = Date.now()
    const append = (n: number) => log.append(readingsTopic(SOURCE), [{ key: POINT, value: wire.encode('Readings', pulse(began, n)) }])
    // The first reading of a meter makes no interval.
    await append(0)
    await processing.drained()
    const intervals = log.tail(Topics.intervals, [], new AbortController().signal, partitionOf(POINT, PARTITIONS))
    const [stored, folded]: number[][] = [[], []]
    for (let n = 1; n <= readings + WARM; n++) {
      await sleep(PAUSE_MS * (0.5 + Math.random()))
      const sent = performance.now()
      const next = intervals.next()
      await append(n)
      const storedMs = performance.now() - sent
      await next
      if (n <= WARM) continue
      stored.push(storedMs)
      folded.push(performance.now() - sent)
    }
    await intervals.return(undefined)
    await log.close()
    return [0.5, 0.99].map((share) => ({
      part: 'A lone reading through Kafka, exactly once',
      what: `from before its append until its interval is committed and read, p${share * 100} of ${readings}`,
      value: percentile(folded, share),
      unit: 'ms',
      peer: { name: 'the append alone', value: percentile(stored, share) }
    }))
  } finally {
    await ledger.close()
    await cluster.close()
  }
}
