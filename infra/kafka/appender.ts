import { setTimeout as sleep } from 'node:timers/promises'
import type { DeliveryReport, LibrdKafkaError, Producer } from 'node-rdkafka'
import { partitionOf } from '../../schemas/partition.js'
import { Refused, Unavailable } from '../errors.js'
import type { NewRecord, Position } from '../log.js'
import { answerOf, CODES, codeOf } from './calls.js'

const { ERRORS } = CODES
/** Delivery reports are fetched this often while any is awaited. */
const POLL_MS = 2
const CLOSE_MS = 10_000
const TOO_LARGE = new Set<number | undefined>([ERRORS.ERR_MSG_SIZE_TOO_LARGE, ERRORS.ERR_RECORD_LIST_TOO_LARGE, ERRORS.ERR_INVALID_MSG])
/** A broker's refusal comes with a delivery report, in words and without its code. */
const TOLD_TOO_LARGE = /message size too large|larger than configured/i
const TOLD_RIGHTS = /authorization failed/i

type Failure = LibrdKafkaError | Error

interface Waiting {
  positions: Position[]
  open: number
  failure: Failure | null
  settled(): void
}

/** Nothing, at an address: node-rdkafka takes a Buffer of no bytes for null, which would delete the key. */
const EMPTY = Buffer.alloc(1).subarray(0, 0)
const bytesOf = (bytes: Buffer): Buffer => (bytes.length === 0 ? EMPTY : bytes)

/** Puts a record into a producer; false when its buffer is full. */
const offer = (producer: Producer, topic: string, partition: number, { key, value }: NewRecord, opaque?: unknown): boolean => {
  try {
    // As a string, a key would end at its first zero byte.
    producer.produce(topic, partition, value && bytesOf(value), bytesOf(Buffer.from(key)), null, opaque)
    return true
  } catch (error) {
    if (codeOf(error) !== ERRORS.ERR__QUEUE_FULL) throw error
    return false
  }
}

/** Puts a record into a producer. A promise when its buffer is full: the record is in it when that resolves, and others may follow. */
export const produce = (...record: Parameters<typeof offer>): Promise<void> | null => (offer(...record) ? null : offerAgain(record))

const offerAgain = async (record: Parameters<typeof offer>): Promise<void> => {
  const [producer] = record
  do {
    producer.poll()
    await sleep(POLL_MS)
  } while (!offer(...record))
}

/** Stores records outside of transactions and says where. */
export class Appender {
  #awaited = 0
  #polling: NodeJS.Timeout | null = null

  constructor(private readonly producer: Producer) {
    producer.on('delivery-report', (error, report) => this.#delivered(error, report))
  }

  /**
   * Positions in the order of the records, once all replicas that are in sync have them.
   * Rejects with Unavailable when one was not stored in time, or nobody says where; others of the call may have been, so the same
   * records can come twice.
   */
  async append(topic: string, records: readonly NewRecord[], partitions: number): Promise<Position[]> {
    const waiting: Waiting = { positions: new Array(records.length), open: records.length, failure: null, settled: () => {} }
    const settled = new Promise<void>((resolve) => {
      waiting.settled = resolve
    })
    this.#await(records.length)
    for (const [index, record] of records.entries()) {
      const partition = record.partition ?? partitionOf(record.key, partitions)
      try {
        const full = produce(this.producer, topic, partition, record, { waiting, index })
        if (full) await full
      } catch (error) {
        this.#settle(waiting, error as Failure)
      }
    }
    await settled
    if (waiting.failure) throw notStored(topic, waiting.failure)
    return waiting.positions
  }

  async close(): Promise<void> {
    await answerOf((done) => this.producer.disconnect(CLOSE_MS, done))
  }

  #delivered(error: Failure | null, { topic, partition, offset, opaque }: DeliveryReport): void {
    const { waiting, index } = opaque as { waiting: Waiting; index: number }
    waiting.positions[index] = { topic, partition, offset }
    // librdkafka concludes from a later answer that the record is stored, and has been wrong there.
    this.#settle(waiting, error ?? (offset < 0 ? new Error('no broker says where a record is') : null))
  }

  #settle(waiting: Waiting, error: Failure | null): void {
    waiting.failure ??= error
    waiting.open--
    this.#await(-1)
    if (waiting.open === 0) waiting.settled()
  }

  #await(change: number): void {
    this.#awaited += change
    if (this.#awaited > 0) this.#polling ??= setInterval(() => this.producer.poll(), POLL_MS)
    else if (this.#polling) {
      clearInterval(this.#polling)
      this.#polling = null
    }
  }
}

const notStored = (topic: string, cause: Failure): Error => {
  const code = codeOf(cause)
  if (TOO_LARGE.has(code) || TOLD_TOO_LARGE.test(cause.message))
    return new Refused(`Kafka refuses a record for "${topic}": ${cause.message}.`, { cause })
  if (code === ERRORS.ERR__FATAL)
    return new Error(
      `Kafka takes no more records from this process (${cause.message}); mostly its user lacks rights. Give the user of the settings the ACLs Describe and Write on "${topic}", and start it again.`,
      { cause }
    )
  const next = TOLD_RIGHTS.test(cause.message)
    ? 'Give the user of the settings the ACLs Describe and Write on it.'
    : 'Append the same records again.'
  return new Unavailable(`Kafka did not store all records for "${topic}": ${cause.message}. ${next}`, { cause })
}
