// The rooms of a ledger as one process of a cluster: the real folds, and the store sink where it has a folder for a store.
import { KafkaLog } from '../../../dist/infra/kafka/log.js'
import { openEmbedded } from '../../../dist/infra/lmdb/open.js'
import { energy } from '../../../dist/processors/energy/fold.js'
import { loadcurve } from '../../../dist/processors/loadcurve/fold.js'
import { runFold } from '../../../dist/processors/run.js'
import { decoding } from '../../../dist/schemas/decoding.js'
import { memorySchemaIds, Wire } from '../../../dist/schemas/wire.js'
import { runSink } from '../../../dist/sinks/run.js'
import { STORE_GROUP, storedTopics, storeSink } from '../../../dist/sinks/store/sink.js'
import { realm } from './realm.mjs'
import { say, stopAt } from './stops.mjs'

const { brokers, slot, name, sessionTimeoutMs, source, folder, stop } = JSON.parse(process.argv[2])
if (stop) stopAt({ ...stop, group: name + stop.group })

const kafka = await KafkaLog.open({ brokers, slot, partitions: 4, sessionTimeoutMs })
const log = realm(kafka, name)
const wire = await Wire.open(memorySchemaIds())
const kept = folder ? await openEmbedded(folder) : null
const rooms = { log, wire, store: kept?.store, storeGroup: STORE_GROUP, sources: [source] }
const running = [runFold(energy, rooms).processing, runFold(loadcurve, rooms).processing]
if (kept) running.push(runSink(log, STORE_GROUP, storedTopics([source]), storeSink(kept.store, decoding(wire), Date.now)))
say('running')

process.once('SIGTERM', async () => {
  await kafka.close()
  await kept?.close()
  process.exit(0)
})
for (const { ended } of running)
  ended.catch((error) => {
    say(`ended ${error.message}`)
    process.exit(1)
  })
