import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Embedded, openEmbedded } from '../../infra/lmdb/open.js'
import type { NewRecord } from '../../infra/log.js'
import { energy } from '../../processors/energy/fold.js'
import { loadcurve } from '../../processors/loadcurve/fold.js'
import { runFold } from '../../processors/run.js'
import { ledgerHash } from '../../processors/verify.js'
import { decoding } from '../../schemas/decoding.js'
import { allTopics, readingsTopic, Topics } from '../../schemas/topics.js'
import type { Wire } from '../../schemas/wire.js'
import { runSink } from '../../sinks/run.js'
import { STORE_GROUP, storedTopics, storeSink } from '../../sinks/store/sink.js'
import { SOURCE } from './readings.js'
import { rowsSent } from './rows.js'
import { statesTold } from './states.js'

/** What a ledger came to: every row sent, and a hash for each point and day of what counts now. */
export interface Outcome {
  rows: string[]
  /** What the folds know in the end: one that folded a record twice may have sent nothing, and wants to look history up. */
  states: string[]
  days: Map<string, string>
  /** What was set aside, by reason. */
  rejects: Map<string, number>
}

/** What comes at once, and is settled before the next. */
export interface Delivery {
  /** Default: the readings'. */
  topic?: string
  records: readonly NewRecord[]
}

/** Works with a store and a log in a folder of their own. */
export const withEmbedded = async <Answer>(work: (embedded: Embedded) => Promise<Answer>): Promise<Answer> => {
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-undisturbed-'))
  try {
    const embedded = await openEmbedded(folder, { partitions: 4 })
    try {
      return await work(embedded)
    } finally {
      await embedded.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** All rooms in one process that nobody disturbs. */
export const undisturbed = (deliveries: (wire: Wire) => readonly Delivery[]): Promise<Outcome> =>
  withEmbedded(async ({ log, store, wire }) => {
    await log.create(allTopics([SOURCE]))
    const rooms = { log, wire, store, storeGroup: STORE_GROUP, sources: [SOURCE] }
    const running = [
      runFold(energy, rooms).processing,
      runFold(loadcurve, rooms).processing,
      runSink(log, STORE_GROUP, storedTopics([SOURCE]), storeSink(store, decoding(wire), Date.now))
    ]
    for (const { topic = readingsTopic(SOURCE), records } of deliveries(wire)) {
      await log.append(topic, records)
      for (const processing of running) await processing.drained()
    }
    for (const processing of running) await processing.stop()
    const told = (fold: Parameters<typeof statesTold>[1]) => statesTold(log, fold, [Topics.registryPoints, ...fold.inputs([SOURCE])])
    return {
      rows: await rowsSent(log, wire),
      states: [...(await told(energy)), ...(await told(loadcurve))],
      days: await ledgerHash(store),
      rejects: await store.counts('rejects')
    }
  })
