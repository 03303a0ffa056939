/**
 * The energy fold on Kafka in a process of its own, whose CPU time is its own, until so many records are in: `BROKERS PARTITIONS GROUP
 * SOURCE WARM ALL GUARANTEE`. Prints what was spent on the records after the first WARM.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KafkaLog } from '../infra/kafka/log.js'
import { openEmbedded } from '../infra/lmdb/open.js'
import { topicSchemaIds } from '../infra/schema-registry/topic.js'
import { energy } from '../processors/energy/fold.js'
import { runFold } from '../processors/run.js'
import { Wire } from '../schemas/wire.js'
import { atLeastOnce } from './at-least-once.js'
import type { FoldSpent } from './kafka-fold.js'

const [brokers, partitions, group, source, warm, all, guarantee] = process.argv.slice(2)
if (guarantee === 'at least once') atLeastOnce()
const folder = mkdtempSync(join(tmpdir(), 'wattledger-bench-'))
const log = await KafkaLog.open({ brokers: brokers.split(','), partitions: Number(partitions) })
// History's; the input comes in order, so it is never asked.
const { store, close } = await openEmbedded(folder)
let folded = 0
let began = 0
let cpuBegan = process.cpuUsage()
const commitsMs: number[] = []
log.onCommit((_group, ms) => {
  if (began > 0) commitsMs.push(ms)
})
let allIn = () => {}
const done = new Promise<void>((resolve) => {
  allIn = resolve
})
const counted: typeof energy = {
  ...energy,
  name: group,
  step: (...given) => {
    if (++folded === Number(warm)) {
      began = performance.now()
      cpuBegan = process.cpuUsage()
    }
    if (folded === Number(all)) allIn()
    return energy.step(...given)
  }
}
const rooms = { log, store, wire: await Wire.open(await topicSchemaIds(log)), storeGroup: 'none', sources: [source] }
const { processing } = runFold(counted, rooms)
await Promise.race([done, processing.ended])
await processing.drained()
const { user, system } = process.cpuUsage(cpuBegan)
const spent: FoldSpent = { seconds: (performance.now() - began) / 1000, cpuSeconds: (user + system) / 1e6, commitsMs }
process.stdout.write(JSON.stringify(spent))
await log.close()
await close()
rmSync(folder, { recursive: true })
