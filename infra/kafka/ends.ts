import { setTimeout as sleep } from 'node:timers/promises'
import type { TopicPartition } from 'node-rdkafka'
import type { Offsets } from '../log.js'
import type { Clients } from './clients.js'
import { Intake } from './reader.js'

/** Of librdkafka: `TAIL - n` is n before the end. */
const TAIL = -2000
/** A transaction leaves one marker in each partition it wrote to: the last record is nearly always among these. */
const FIRST_LOOK = 16
const WIDER = 64

export const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

/**
 * One past the last committed record of partitions. Kafka's own end is not that: markers of transactions and aborted records have
 * offsets as well, and no reader ever comes by them. So the last few offsets are read.
 */
export class Ends {
  #intake: Promise<Intake> | null = null
  #turn: Promise<unknown> = Promise.resolve()

  constructor(private readonly clients: Clients) {}

  /** `settled`: partitions where a transaction that is open, or whose marker is on its way, is waited for. */
  of(topics: readonly string[], partitions: number, settled: ReadonlySet<string>): Promise<Offsets> {
    const turn = this.#turn.then(() => this.#find(topics, partitions, settled))
    this.#turn = turn.catch(() => {})
    return turn
  }

  async close(): Promise<void> {
    await this.#turn
    await (await this.#intake)?.close()
  }

  async #find(topics: readonly string[], partitions: number, settled: ReadonlySet<string>): Promise<Offsets> {
    const found: Offsets = new Map(topics.map((topic) => [topic, new Array<number>(partitions).fill(0)]))
    let open = topics.flatMap((topic) => Array.from({ length: partitions }, (_, partition) => ({ topic, partition })))
    for (let depth = FIRST_LOOK; open.length > 0; depth *= WIDER) {
      const looks = await this.#look(open, depth, settled)
      for (const { topic, partition, last } of looks) if (last !== null) found.get(topic)![partition] = last + 1
      open = looks.filter(({ last, end }) => last === null && end > depth)
    }
    return found
  }

  async #look(partitions: readonly TopicPartition[], depth: number, settled: ReadonlySet<string>) {
    this.#intake ??= this.clients.reader('earliest').then((consumer) => new Intake(consumer))
    const intake = await this.#intake
    const looks = new Map(
      partitions.map((each) => [nameOf(each), { ...each, last: null as number | null, end: 0, wanted: 0, done: false }])
    )
    intake.assign(partitions.map((each) => ({ ...each, offset: TAIL - depth })))
    try {
      while (![...looks.values()].every(({ done }) => done)) {
        const { messages, ends } = await intake.take(1000)
        for (const message of messages) looks.get(nameOf(message))!.last = message.offset
        for (const end of ends) {
          const look = looks.get(nameOf(end))!
          look.end = end.offset
          if (settled.has(nameOf(end))) look.wanted ||= intake.consumer.getWatermarkOffsets(end.topic, end.partition).highOffset
          look.done = end.offset >= look.wanted
        }
        intake.againWhenSilent()
        if (messages.length + ends.length === 0) await sleep(intake.restMs)
      }
    } finally {
      intake.consumer.unassign()
    }
    return [...looks.values()]
  }
}
