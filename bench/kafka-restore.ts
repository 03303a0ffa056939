import { join } from 'node:path'
import { KafkaLog } from '../infra/kafka/log.js'
import { changelogOf } from '../infra/kafka/names.js'
import { startKafka } from '../infra/local/kafka.js'
import { topicSchemaIds } from '../infra/schema-registry/topic.js'
import { energy } from '../processors/energy/fold.js'
import { NO_RULES } from '../processors/energy/rules.js'
import { readingsTopic, Topics } from '../schemas/topics.js'
import { Wire } from '../schemas/wire.js'
import { counterBlocks } from './blocks.js'
import type { Figure } from './figure.js'

const PARTITIONS = 4
const SOURCE = 'restored'
const GROUP = 'restored'
const AT_ONCE = 5000

/** From the start of a processor until it has the states of so many series, and could fold: as after a move to another machine. */
export const kafkaRestore = async (folder: string, series: number): Promise<Figure[]> => {
  const cluster = await startKafka(join(folder, 'restore'))
  try {
    const log = await KafkaLog.open({ brokers: cluster.brokers, partitions: PARTITIONS })
    const changelog = changelogOf(GROUP)
    await log.create([Topics.schemas, readingsTopic(SOURCE), changelog])
    const wire = await Wire.open(await topicSchemaIds(log))
    const bytes = await fill(log, wire, changelog, series)
    const began = performance.now()
    const cpuBegan = process.cpuUsage()
    const held = new Map<string, unknown>()
    const processing = log.process(GROUP, [readingsTopic(SOURCE)], {
      assign: (_task, states) => {
        for (const [key, value] of states) held.set(key, energy.resume(value))
      },
      batch: () => ({ outputs: [], states: new Map() })
    })
    await Promise.race([processing.drained(), processing.ended])
    const seconds = (performance.now() - began) / 1000
    const { user, system } = process.cpuUsage(cpuBegan)
    if (held.size !== series) throw new Error(`${held.size} of ${series} series were restored.`)
    await log.close()
    const figure = (what: string, value: number): Figure => ({
      part: 'Restore on Kafka',
      what: `${series} series of ${Math.round(bytes / series)} bytes, ${what}`,
      value,
      unit: 's'
    })
    return [figure('on the clock', seconds), figure('CPU time', (user + system) / 1e6)]
  } finally {
    await cluster.close()
  }
}

/** Bytes of all states. */
const fill = async (log: KafkaLog, wire: Wire, changelog: string, series: number): Promise<number> => {
  const blocks = counterBlocks(2, 96)
  let bytes = 0
  for (let from = 0; from < series; from += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, series - from) }, (_, i) => {
      const point = `flukso/${String(from + i).padStart(32, '0')}`
      let state = energy.initial(point, '1.8.0')
      for (const [offset, block] of blocks.entries())
        state = energy.step(wire, state, { ...block, point }, { topic: readingsTopic(SOURCE), partition: 0, offset }, NO_RULES).state
      const value = energy.keep(state)
      bytes += value.length
      return { key: `s\u0000${point}\u00001.8.0`, value, partition: i % PARTITIONS }
    })
    await log.append(changelog, batch)
  }
  return bytes
}
