import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaConsumer, LibrdKafkaError, Producer, TopicPartitionOffset } from 'node-rdkafka'
import type { NewRecord } from '../log.js'
import { produce } from './appender.js'
import { answerOf } from './calls.js'
import { type Clients, TRANSACTION_TIMEOUT_MS } from './clients.js'

const RETRY_MS = 20
const INIT_MS = 60_000

/** Nothing of the transaction is visible or ever will be. Fold the same input again from what was last committed. */
export class Aborted extends Error {
  override readonly name: string = 'Aborted'
}

/** Puts a record into the transaction; the promise, if there is one, has to be awaited before the next. */
export type Put = (topic: string, partition: number, record: NewRecord) => Promise<void> | null

type Call = (done: (error: LibrdKafkaError | null) => void) => void

/** One producer's transactions. Whoever opens the same id later fences this one: its calls fail for good. */
export class Transactions {
  private constructor(private readonly producer: Producer) {}

  /** Ends what an earlier holder of the id left open. */
  static async open(clients: Clients, id: string): Promise<Transactions> {
    const producer = await clients.transactional(id)
    const transactions = new Transactions(producer)
    await transactions.#tried((done) => producer.initTransactions(INIT_MS, done))
    return transactions
  }

  /**
   * Stores what `write` puts, and the offsets of a group, as one.
   * Rejects with Aborted, or with what ends this process's part in the group: it was fenced, or nobody knows what became of it.
   */
  async commit(write: (put: Put) => Promise<void>, offsets: TopicPartitionOffset[], consumer: KafkaConsumer): Promise<void> {
    await this.#step((done) => this.producer.beginTransaction(done))
    try {
      await write((topic, partition, record) => produce(this.producer, topic, partition, record))
    } catch (error) {
      await this.#abort()
      throw error
    }
    await this.#step((done) => this.producer.sendOffsetsToTransaction(offsets, consumer, TRANSACTION_TIMEOUT_MS, done))
    await this.#step((done) => this.producer.commitTransaction(TRANSACTION_TIMEOUT_MS, done))
  }

  async close(): Promise<void> {
    await answerOf((done) => this.producer.disconnect(TRANSACTION_TIMEOUT_MS, done))
  }

  async #step(call: Call): Promise<void> {
    try {
      await this.#tried(call)
    } catch (error) {
      if (!(error as LibrdKafkaError).isTxnRequiresAbort) throw error
      await this.#abort()
      throw new Aborted(`Kafka aborted a transaction: ${(error as Error).message}.`, { cause: error })
    }
  }

  #abort(): Promise<void> {
    return this.#tried((done) => this.producer.abortTransaction(TRANSACTION_TIMEOUT_MS, done))
  }

  /** The same call again while Kafka says that this may help. */
  async #tried(call: Call): Promise<void> {
    for (;;) {
      try {
        await answerOf((done) => call((error) => done(error, null)))
        return
      } catch (error) {
        if (!(error as LibrdKafkaError).isRetriable) throw error
        await sleep(RETRY_MS)
      }
    }
  }
}
