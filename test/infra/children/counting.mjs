// Appends numbers to `in`, and copies them to `out` as running counts by key, until it is killed. Says which numbers were acknowledged.
import { writeSync } from 'node:fs'
import { openEmbedded } from '../../../dist/infra/lmdb/open.js'

const [folder] = process.argv.slice(2)
const { log } = await openEmbedded(folder)
await log.create(['in', 'out'])

const held = new Map()
log.process('count', ['in'], {
  assign: (task, states) => held.set(task.partition, new Map([...states].map(([key, state]) => [key, Number(state)]))),
  batch(task, records) {
    const counts = held.get(task.partition)
    const states = new Map()
    const outputs = records.map(({ key }) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      states.set(key, Buffer.from(String(count)))
      return { topic: 'out', key, value: Buffer.from(String(count)) }
    })
    return { outputs, states }
  }
})

let next = (await log.ends(['in'])).get('in').reduce((sum, end) => sum + end, 0)
for (;;) {
  const numbers = Array.from({ length: 1 + (next % 7) }, () => next++)
  await log.append(
    'in',
    numbers.map((number) => ({ key: `k${number % 23}`, value: Buffer.from(String(number)) }))
  )
  writeSync(1, `${numbers.join('\n')}\n`)
}
