import rdkafka, { type KafkaConsumer, type LibrdKafkaError, type TopicPartitionOffset } from 'node-rdkafka'

type Done = (error: LibrdKafkaError | null) => void

const FLUSH_MS = 30_000

/** What is produced is flushed, then offsets are committed. */
const notTransactional = (producer: rdkafka.Producer) => ({
  initTransactions: (_ms: number, done: Done) => done(null),
  beginTransaction: (done: Done) => done(null),
  sendOffsetsToTransaction: (offsets: TopicPartitionOffset[], consumer: KafkaConsumer, _ms: number, done: Done) =>
    producer.flush(FLUSH_MS, (error) => {
      if (!error) consumer.commit(offsets)
      done(error)
    }),
  commitTransaction: (_ms: number, done: Done) => done(null)
})

/** From here on groups of this process fold at least once instead of exactly once: to say what the difference costs. */
export const atLeastOnce = (): void => {
  const Producer = new Proxy(rdkafka.Producer, {
    construct: (target, [given, topic]) => {
      const { 'transactional.id': id, 'transaction.timeout.ms': _, ...settings } = given
      if (id === undefined) return new target(given, topic)
      const producer = new target(settings, topic)
      return Object.assign(producer, notTransactional(producer))
    }
  })
  Object.assign(rdkafka, { Producer })
}
