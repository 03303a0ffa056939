import type { EofEvent, KafkaConsumer, Message, TopicPartitionOffset } from 'node-rdkafka'
import type { LogRecord } from '../log.js'
import { answerOf, CODES, codeOf } from './calls.js'

/** What a consumer had ready. */
export interface Taken {
  messages: Message[]
  /** Partitions that were at their end behind the offset before `offset`, which passes markers of transactions. */
  ends: EofEvent[]
}

const { ERRORS } = CODES
/** A consumer tells these and goes on by itself. */
const PASSING = new Set<number | undefined>([
  ERRORS.ERR__TRANSPORT,
  ERRORS.ERR__ALL_BROKERS_DOWN,
  ERRORS.ERR__TIMED_OUT,
  ERRORS.ERR__RESOLVE,
  ERRORS.ERR__MAX_POLL_EXCEEDED,
  ERRORS.ERR_NOT_LEADER_FOR_PARTITION,
  ERRORS.ERR_LEADER_NOT_AVAILABLE,
  ERRORS.ERR_REQUEST_TIMED_OUT
])

/** How long to wait before asking again: while records come, hardly; later, little enough for a lone one to pass in milliseconds. */
const REST_MS = { least: 1, most: 10, growth: 0.1 }

const SILENCE_MS = 2_000

/** Takes what a consumer has fetched, without waiting: node-rdkafka's own wait is per message, and holds a thread of the pool. */
export class Intake {
  #ends: EofEvent[] = []
  #restMs = REST_MS.least
  #positions: TopicPartitionOffset[] = []
  #newsAt = 0

  constructor(readonly consumer: KafkaConsumer) {
    consumer.setDefaultConsumeTimeout(0)
    consumer.on('partition.eof', (end) => void this.#ends.push(end))
  }

  /** Reads these partitions from these offsets, and no others. */
  assign(positions: TopicPartitionOffset[]): void {
    this.#positions = positions
    this.#newsAt = performance.now()
    this.consumer.assign(positions)
  }

  /**
   * Begins again when nothing at all has come for a while: node-rdkafka drops the news that a partition is at its end when an error
   * comes with it, and whoever waits for that would wait for ever.
   */
  againWhenSilent(): void {
    if (performance.now() - this.#newsAt >= SILENCE_MS) this.assign(this.#positions)
  }

  /** Rejects with what only a person can mend. */
  async take(limit: number): Promise<Taken> {
    const messages = await answerOf<Message[]>((done) => this.consumer.consume(limit, done)).catch((error) => {
      if (PASSING.has(codeOf(error))) return []
      throw lost(error)
    })
    const ends = this.#ends.splice(0)
    if (messages.length + ends.length > 0) this.#newsAt = performance.now()
    this.#restMs = messages.length > 0 ? REST_MS.least : Math.min(REST_MS.most, this.#restMs + REST_MS.growth)
    return { messages, ends }
  }

  /** Before `take` is called again, when it had nothing. */
  get restMs(): number {
    return this.#restMs
  }

  async close(): Promise<void> {
    await answerOf((done) => this.consumer.disconnect(done))
  }
}

const lost = (cause: Error): Error => {
  const code = codeOf(cause)
  if (code !== ERRORS.ERR__AUTO_OFFSET_RESET && code !== ERRORS.ERR_OFFSET_OUT_OF_RANGE) return cause
  return new Error(
    `Kafka does not have the offset to go on from (${cause.message}): the topic was made anew, or its retention removed what was not read yet. Restore the topic, or give the group a new name to read all of it again.`,
    { cause }
  )
}

export const recordOf = ({ topic, partition, offset, key, value }: Message): LogRecord => ({
  topic,
  partition,
  offset,
  key: key?.toString() ?? '',
  value
})
