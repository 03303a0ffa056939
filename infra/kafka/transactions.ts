import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaConsumer, LibrdKafkaError, Producer, TopicPartitionOffset } from 'node-rdkafka'
import type { NewRecord } from '../log.js'
import { produce } from './appender.js'
import { answerOf, CODES, codeOf } from './calls.js'
import { type Clients, TRANSACTION_TIMEOUT_MS } from './clients.js'

const RETRY_MS = 20
const INIT_MS = 60_000

/** The transaction is over: nothing of it is visible or ever will be, or all of it is. Fold again from what was last committed. */
export class Aborted extends Error {
  override readonly name: string = 'Aborted'
}

/** Puts a record into the transaction; the promise, if there is one, has to be awaited before the next. */
export type Put = (topic: string, partition: number, record: NewRecord) => Promise<void> | null

type Call = (done: (error: LibrdKafkaError | null) => void) => void

/** One producer's transactions. Whoever opens the same id later fences this one: its calls fail for good. */
export class Transactions {
  private constructor(
    private readonly clients: Clients,
    private readonly id: string,
    private producer: Producer
  ) {}

  /** Ends what an earlier holder of the id left open. */
  static async open(clients: Clients, id: string): Promise<Transactions> {
    const transactions = new Transactions(clients, id, await clients.transactional(id))
    await transactions.#begin()
    return transactions
  }

  /**
   * Stores what `write` puts, and the offsets of a group, as one.
   * Rejects with Aborted, or with what ends this process's part in the group: it was fenced.
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
    await disconnected(this.producer)
  }

  async #step(call: Call): Promise<void> {
    try {
      await this.#tried(call)
    } catch (error) {
      if (isLost(error)) await this.#again()
      else if ((error as LibrdKafkaError).isTxnRequiresAbort) await this.#abort()
      else throw error
      throw new Aborted(`Kafka aborted a transaction: ${(error as Error).message}.`, { cause: error })
    }
  }

  #begin(): Promise<void> {
    return this.#tried((done) => this.producer.initTransactions(INIT_MS, done))
  }

  /** A producer that has lost count of its transactions is of no more use; the next one finds the last of them decided. */
  async #again(): Promise<void> {
    const lost = this.producer
    this.producer = await this.clients.transactional(this.id)
    await disconnected(lost)
    await this.#begin()
  }

  async #abort(): Promise<void> {
    try {
      await this.#tried((done) => this.producer.abortTransaction(TRANSACTION_TIMEOUT_MS, done))
    } catch (error) {
      if (!isLost(error)) throw error
      await this.#again()
    }
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

/** A broker went away while a transaction was ended: the next one knows it as ended otherwise, or not at all. */
const isLost = (error: unknown): boolean => codeOf(error) === CODES.ERRORS.ERR_INVALID_TXN_STATE

const disconnected = (producer: Producer) => answerOf((done) => producer.disconnect(TRANSACTION_TIMEOUT_MS, done))
