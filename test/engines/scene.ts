import { expect } from 'vitest'
import { KafkaLog } from '../../infra/kafka/log.js'
import type { NewRecord } from '../../infra/log.js'
import { energy } from '../../processors/energy/fold.js'
import { loadcurve } from '../../processors/loadcurve/fold.js'
import { allTopics, readingsTopic, Topics } from '../../schemas/topics.js'
import type { Wire } from '../../schemas/wire.js'
import { STORE_GROUP, storedTopics } from '../../sinks/store/sink.js'
import { until } from '../whole/child.js'
import { caughtUp } from './counted.js'
import { type Child, childProcess } from './process.js'
import { PARTITIONS, ROUNDS, roundsOf, SOURCE, wireForTest } from './readings.js'
import { rowsSent } from './rows.js'
import { statesKept } from './states.js'
import { type Outcome, undisturbed } from './undisturbed.js'

export type Group = typeof energy.name | typeof loadcurve.name | typeof STORE_GROUP

/** Where a process stops, and says `stopped`: children/stops.mjs. */
export interface Stop {
  step: 'beginTransaction' | 'sendOffsetsToTransaction' | 'commitTransaction' | 'committed' | 'restore'
  group: Group
  /** How many times it passes by before; default none. */
  passes?: number
  /** How long after the word it goes on. */
  afterMs?: number
}

export interface Starting {
  stop?: Stop
  /** Default 30 s, which no test waits for. */
  sessionTimeoutMs?: number
  /** Of a store, if it is to have one: then the store sink runs too, and history is folded again. */
  folder?: string
}

let made = 0

/** One ledger among others on a broker: its topics, the processes that work on it, and what it must come to. */
export class Scene {
  readonly #children: Child[] = []

  private constructor(
    readonly log: KafkaLog,
    private readonly wire: Wire,
    private readonly brokers: readonly string[],
    private readonly name: string
  ) {}

  static async open(brokers: readonly string[]): Promise<Scene> {
    const log = await KafkaLog.open({ brokers, partitions: PARTITIONS })
    const scene = new Scene(log, await wireForTest(), brokers, `s${made++}.`)
    await log.create(allTopics([SOURCE]).map(scene.named))
    return scene
  }

  /** What a topic or a group of this ledger is called on the broker. */
  readonly named = (topic: string): string => this.name + topic

  start(slot: number, { stop, sessionTimeoutMs = 30_000, folder }: Starting = {}): Child {
    const { brokers, name } = this
    const child = childProcess('folding', { brokers, name, slot, stop, sessionTimeoutMs, folder, source: SOURCE })
    this.#children.push(child)
    return child
  }

  /** The rounds from one on, up to another. */
  async append(from: number, to = ROUNDS): Promise<void> {
    await this.send(roundsOf(this.wire, from, to))
  }

  async send(records: readonly NewRecord[], topic: string = readingsTopic(SOURCE)): Promise<void> {
    await this.log.append(this.named(topic), records)
  }

  /** All that was appended is folded, by whichever processes. */
  async settled(): Promise<void> {
    await caughtUp(this.log, this.named(energy.name), this.named(readingsTopic(SOURCE)))
    await caughtUp(this.log, this.named(loadcurve.name), this.named(Topics.intervals))
  }

  /** And stored. */
  async stored(): Promise<void> {
    await this.settled()
    for (const topic of storedTopics([SOURCE])) await caughtUp(this.log, this.named(STORE_GROUP), this.named(topic))
  }

  rows(): Promise<string[]> {
    return rowsSent(this.log, this.wire, this.named)
  }

  async states(): Promise<string[]> {
    return [...(await statesKept(this.log, energy, this.named)), ...(await statesKept(this.log, loadcurve, this.named))]
  }

  /** Every row once, in order, and the same known in the end, as where nothing happened. */
  async expectSame({ rows, states }: Outcome): Promise<void> {
    await this.settled()
    // The markers of one transaction reach its partitions one after the other: offsets may be seen before rows.
    await until(async () => expect((await this.rows()).length).toBeGreaterThanOrEqual(rows.length))
    expect(await this.rows()).toEqual(rows)
    await until(async () => expect(await this.states()).toEqual(states))
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.kill()))
    await this.log.close()
  }
}

/** Does something with a ledger of its own on a broker. */
export const inScene = async (brokers: readonly string[], work: (scene: Scene) => Promise<void>): Promise<void> => {
  const scene = await Scene.open(brokers)
  try {
    await work(scene)
  } finally {
    await scene.close()
  }
}

/** What all rounds come to. */
export const undisturbedRounds = (): Promise<Outcome> => undisturbed((wire) => [{ records: roundsOf(wire, 0) }])
