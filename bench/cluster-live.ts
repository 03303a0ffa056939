import { join } from 'node:path'
import { DATA_CENTER, startCassandra } from '../infra/local/cassandra.js'
import { startKafka } from '../infra/local/kafka.js'
import type { Figure } from './figure.js'
import { latency } from './live.js'

const PARTITIONS = 4

/** As of the embedded platform: all rooms in one process, Kafka and Cassandra behind it. */
export const clusterLive = async (folder: string, readings: number, say: (text: string) => void): Promise<Figure[]> => {
  const kafka = await startKafka(join(folder, 'live-kafka'))
  try {
    const cassandra = await startCassandra(join(folder, 'live-cassandra'))
    try {
      const settings = {
        kafka: { brokers: kafka.brokers, partitions: PARTITIONS },
        cassandra: { nodes: [cassandra.address], dataCenter: DATA_CENTER }
      }
      return await latency(folder, { idle: readings, backfill: null }, say, {
        part: 'Live reading to websocket, on Kafka and Cassandra',
        settings
      })
    } finally {
      await cassandra.stop()
    }
  } finally {
    await kafka.close()
  }
}
