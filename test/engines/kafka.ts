import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cluster, type ClusterOptions, startKafka } from '../../infra/local/kafka.js'

/** A real Kafka for one test file; `close` also removes its data. */
export const kafkaForTest = async (options: ClusterOptions = {}): Promise<Cluster> => {
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-kafka-'))
  const cluster = await startKafka(folder, options)
  return {
    ...cluster,
    async close() {
      await cluster.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
