// Copies `in` to `out` as running counts by key, as one process of the group.
import { writeSync } from 'node:fs'
import { KafkaLog } from '../../../dist/infra/kafka/log.js'

const [settings] = process.argv.slice(2)
const { brokers, slot, group, input, output, sessionTimeoutMs, holds } = JSON.parse(settings)
/** Whoever is told to hold never answers a batch with this key in it. */
const HOLD = 'hold'
const say = (word) => writeSync(1, `${word}\n`)

const log = await KafkaLog.open({ brokers, slot, partitions: 4, sessionTimeoutMs })
const held = new Map()
const running = log.process(group, [input], {
  assign: (task, states) => void held.set(task.partition, new Map([...states].map(([key, state]) => [key, Number(state)]))),
  revoke: (task) => void held.delete(task.partition),
  async batch(task, records) {
    if (holds && records.some(({ key }) => key === HOLD)) {
      say('holding')
      await new Promise(() => {})
    }
    const counts = held.get(task.partition)
    const states = new Map()
    const outputs = records.map(({ key }) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      states.set(key, Buffer.from(String(count)))
      return { topic: output, key, value: Buffer.from(String(count)) }
    })
    return { outputs, states }
  }
})
say('running')
process.once('SIGTERM', async () => {
  await log.close()
  process.exit(0)
})
running.ended.catch((error) => {
  say(`ended ${error.message}`)
  process.exit(1)
})
