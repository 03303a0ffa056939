import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaConsumer, LibrdKafkaError, TopicPartition, TopicPartitionOffset } from 'node-rdkafka'
import { partitionOf } from '../../schemas/partition.js'
import type { Handlers, Offsets, Processing } from '../log.js'
import { answerOf, CODES } from './calls.js'
import { checkCheckpoint, restore } from './changelog.js'
import type { Clients } from './clients.js'
import { explained } from './explained.js'
import { CHECKPOINT, changelogOf } from './names.js'
import { Intake } from './reader.js'
import { HeldTask } from './task.js'
import { Aborted, type Put, Transactions } from './transactions.js'

/** What a group needs of the log it belongs to. */
export interface GroupPorts {
  clients: Clients
  partitions: number
  /** Number of this process among those that run the group, the same after a restart. */
  slot: number
  sessionTimeoutMs: number
  /** Resolves when the topics and the changelog are there. Rejects with Refused. */
  prepare(group: string, topics: readonly string[]): Promise<void>
  /** Rejects with Refused when there is no such topic. */
  known(topic: string): Promise<void>
  ends(topics: readonly string[]): Promise<Offsets>
  committed(group: string): Promise<Offsets>
  /** Resolves when the group has no such member any more. */
  gone(group: string, instance: string): Promise<void>
  /** Resolves with whether all tasks of a group that is not about to share them out anew are somebody's. */
  covered(group: string): Promise<boolean>
  /** A transaction wrote to these: its markers come a little later. */
  wrote(partitions: readonly TopicPartition[]): void
  /** The last owner of these tasks may have written where its markers are still on their way. */
  inherited(partitions: readonly number[]): void
  /** A transaction is stored, so long after it was begun. */
  took(ms: number): void
}

const INTAKE = 5000
const DRAIN_POLL_MS = 5
const SEEK_MS = 10_000
const OFFSETS_MS = 30_000
/** Aborts in a row before it is no passing trouble of a broker. */
const ABORTS = 10
const ABORT_PAUSE_MS = 100
/** Tasks that nobody has at this many looks in a row are on their way to nobody. */
const COVER = { looks: 4, everyMs: 1000 }
/** Of librdkafka. */
const BEGINNING = -2

const { ERRORS } = CODES

interface Rebalance {
  assigned: boolean
  partitions: number[]
}

/**
 * One process's part in a consumer group: a consumer, a transactional producer, and the tasks it holds. Everything that moves offsets
 * or tasks happens in one loop, so that no task changes hands while a transaction is open: Kafka takes the group's generation of the
 * moment in which offsets are sent, and a frozen process that wakes as a new member would otherwise commit what it folded as the old one.
 */
export class Group implements Processing {
  readonly ended: Promise<void>
  readonly #tasks = new Map<number, HeldTask>()
  readonly #rebalances: Rebalance[] = []
  #interruptions: (() => void)[] = []
  #intake!: Intake
  #transactions!: Transactions
  #stopping = false
  #leaving = false
  /** Tasks of the group that nobody has, and nobody will be given. */
  #orphans = false
  /** The group has said which tasks are ours: of the others it is known that they are not. */
  #joined = false
  #draining = 0
  #aborts = 0
  #wake: () => void = () => {}

  constructor(
    private readonly group: string,
    private readonly topics: readonly string[],
    private readonly handlers: Handlers,
    private readonly ports: GroupPorts
  ) {
    this.ended = this.#run()
    // Told through `ended` to whoever listens; a group that nobody listens to must not end the process.
    this.ended.catch(() => {})
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake()
    await this.ended.catch(() => {})
  }

  async drained(): Promise<void> {
    const stopped = this.ended.then(() => Promise.reject(new Error(`The group "${this.group}" has stopped.`)))
    await Promise.race([this.#drain(), stopped])
  }

  /** Hands every task back and takes it again, as after an aborted transaction. */
  interrupt(): Promise<void> {
    return new Promise((resolve) => {
      this.#interruptions.push(resolve)
      this.#wake()
    })
  }

  /** Next offset of an input that this process has committed; null when it does not hold the partition. */
  next(topic: string, partition: number): number | null {
    return this.#tasks.get(partition)?.next.get(topic) ?? null
  }

  async #run(): Promise<void> {
    const { clients, slot, sessionTimeoutMs } = this.ports
    const id = `${this.group}.${slot}`
    await this.ports.prepare(this.group, this.topics)
    this.#transactions = await Transactions.open(clients, id)
    let consumer: KafkaConsumer | null = null
    try {
      const onRebalance = (error: LibrdKafkaError | undefined, partitions: TopicPartition[]) => this.#onRebalance(error, partitions)
      consumer = await clients.member({ group: this.group, instance: id, sessionTimeoutMs, onRebalance })
      this.#intake = new Intake(consumer)
      consumer.subscribe([changelogOf(this.group)])
      while (!this.#stopping) {
        if (this.#orphans) await this.#rejoin(id)
        await this.#step()
      }
      await this.#finish()
      await this.#leave(id)
    } catch (error) {
      // The others end what they have begun; the one in trouble has left nothing behind.
      this.#stopping = true
      await this.#finish().catch(() => {})
      // Its tasks are free for others, and when it begins again all are shared out anew.
      if (consumer) await this.#leave(id).catch(() => {})
      throw explained(error, this.group, slot)
    } finally {
      this.#stopping = true
      await Promise.all([consumer && this.#intake.close(), this.#transactions.close()])
      for (const resolve of this.#interruptions) resolve()
    }
  }

  async #step(): Promise<void> {
    for (let event = this.#rebalances.shift(); event; event = this.#rebalances.shift()) {
      if (event.assigned) await this.#assign(event.partitions)
      else await this.#revoke(event.partitions)
    }
    if (this.#interruptions.length > 0) await this.#interrupted()
    const taken = await this.#take()
    for (const task of this.#tasks.values()) task.begin(this.#draining > 0)
    // Handlers that do not wait for anything have answered after this.
    await new Promise((resolve) => setImmediate(resolve))
    const committed = await this.#commit()
    if (taken === 0 && !committed) await this.#nap()
  }

  async #finish(): Promise<void> {
    const held = [...this.#tasks.values()]
    await Promise.allSettled(held.map((task) => task.settled()))
    await this.#commit()
    await this.#drop(held)
  }

  /**
   * So that the others have its tasks at once: a static member that only disconnects keeps them until its session is over, as librdkafka
   * says goodbye for it when it unsubscribes, and not when it closes.
   */
  async #leave(id: string): Promise<void> {
    this.#leaving = true
    for (const { assigned } of this.#rebalances.splice(0)) this.#decline(assigned)
    this.#intake.consumer.unsubscribe()
    let gone = false
    const heard = this.ports.gone(this.group, id).finally(() => {
      gone = true
    })
    // Its last rebalance comes, as all do, to whoever asks for records.
    while (!gone) {
      await this.#intake.take(INTAKE)
      await sleep(this.#intake.restMs)
    }
    await heard
    this.#leaving = false
  }

  /**
   * Kafka gives a static member that comes back what was its own when it went, and asks nobody: tasks that it was about to hand over
   * when it died would stay without an owner until somebody else comes or goes. So it goes, and comes, once.
   */
  async #rejoin(id: string): Promise<void> {
    this.#orphans = false
    await this.#finish()
    await this.#leave(id)
    this.#intake.consumer.subscribe([changelogOf(this.group)])
  }

  async #lookForOrphans(): Promise<void> {
    for (let look = 0; look < COVER.looks; look++) {
      await sleep(COVER.everyMs)
      if (this.#stopping || (await this.ports.covered(this.group))) return
    }
    this.#orphans = true
  }

  async #take(): Promise<number> {
    const { messages, ends } = await this.#intake.take(INTAKE)
    for (const message of messages) this.#tasks.get(message.partition)?.take(message)
    for (const { topic, partition, offset } of ends) this.#tasks.get(partition)?.end(topic, offset)
    for (const [partition, task] of this.#tasks) {
      const { pause, resume } = task.flow()
      const named = (topics: string[]) => topics.map((topic) => ({ topic, partition }))
      if (pause.length > 0) this.#intake.consumer.pause(named(pause))
      if (resume.length > 0) this.#intake.consumer.resume(named(resume))
    }
    return messages.length
  }

  /** Commits whatever handlers have left ready, as one transaction. False when there was nothing. */
  async #commit(): Promise<boolean> {
    for (const task of this.#tasks.values()) if (task.failed) await task.settled()
    const ready = [...this.#tasks.values()].filter((task) => task.ready)
    if (ready.length === 0) return false
    const writing = ready.filter(({ ready, next }) => !isEmpty(ready!.commit) || ready!.next !== next)
    try {
      if (writing.length > 0) await this.#transact(writing)
      for (const task of ready) task.committed()
      this.#aborts = 0
    } catch (error) {
      if (!(error instanceof Aborted) || ++this.#aborts >= ABORTS) throw error
      // Whoever holds the tasks next folds it again.
      if (this.#stopping) return false
      await sleep(ABORT_PAUSE_MS)
      await this.#reset(writing)
    }
    return true
  }

  async #transact(tasks: readonly HeldTask[]): Promise<void> {
    const wrote = new Map([[changelogOf(this.group), new Set(tasks.map(({ task }) => task.partition))]])
    for (const { ready } of tasks)
      for (const { topic } of ready!.commit?.outputs ?? []) {
        if (wrote.has(topic)) continue
        // Asked before: librdkafka would look for a topic that is not there for half a minute.
        await this.ports.known(topic)
        wrote.set(topic, new Set())
      }
    const offsets = tasks.flatMap(({ task, ready }) =>
      [...ready!.next].map(([topic, offset]) => ({ topic, partition: task.partition, offset }))
    )
    const began = performance.now()
    await this.#transactions.commit((put) => this.#write(tasks, put, wrote), offsets, this.#intake.consumer)
    this.ports.took(performance.now() - began)
    for (const [topic, partitions] of wrote) this.ports.wrote([...partitions].map((partition) => ({ topic, partition })))
  }

  /** Adds to `wrote` which partitions have outputs. */
  async #write(tasks: readonly HeldTask[], put: Put, wrote: ReadonlyMap<string, Set<number>>): Promise<void> {
    const changelog = changelogOf(this.group)
    for (const { task, ready } of tasks) {
      const { commit, next } = ready!
      for (const output of commit?.outputs ?? []) {
        const partition = output.partition ?? partitionOf(output.key, this.ports.partitions)
        wrote.get(output.topic)!.add(partition)
        const full = put(output.topic, partition, output)
        if (full) await full
      }
      for (const [key, value] of commit?.states ?? []) {
        const full = put(changelog, task.partition, { key, value })
        if (full) await full
      }
      const checkpoint = Buffer.from(JSON.stringify(Object.fromEntries(next)))
      await put(changelog, task.partition, { key: CHECKPOINT, value: checkpoint })
    }
  }

  async #assign(partitions: readonly number[]): Promise<void> {
    const tasks = await this.#restored(partitions)
    for (const task of tasks) this.#tasks.set(task.task.partition, task)
    this.#intake.consumer.incrementalAssign(tasks.flatMap((task) => positionsOf(task)))
    // Once, so that nobody comes and goes for ever; a look that fails says nothing.
    if (!this.#joined) void this.#lookForOrphans().catch(() => {})
    this.#joined = true
  }

  /** Under the old membership: only after `incrementalUnassign` does the group go on without us. */
  async #revoke(partitions: readonly number[]): Promise<void> {
    const held = partitions.map((partition) => this.#tasks.get(partition)).filter((task) => task !== undefined)
    await Promise.all(held.map((task) => task.settled()))
    await this.#commit()
    await this.#drop(held)
    this.#intake.consumer.incrementalUnassign(held.flatMap((task) => positionsOf(task)))
  }

  async #interrupted(): Promise<void> {
    const interruptions = this.#interruptions.splice(0)
    const held = [...this.#tasks.values()]
    await Promise.all(held.map((task) => task.settled()))
    await this.#commit()
    await this.#reset([...this.#tasks.values()])
    for (const resolve of interruptions) resolve()
  }

  /** Goes back to what was last committed: whatever handlers keep in memory is ahead of it. */
  async #reset(tasks: readonly HeldTask[]): Promise<void> {
    await this.#drop(tasks)
    const restored = await this.#restored(tasks.map(({ task }) => task.partition))
    for (const task of restored) {
      const { consumer } = this.#intake
      for (const position of positionsOf(task)) {
        await answerOf((done) => consumer.seek(position, SEEK_MS, (error) => done(error, null)))
        consumer.resume([position])
      }
      this.#tasks.set(task.task.partition, task)
    }
  }

  async #drop(tasks: readonly HeldTask[]): Promise<void> {
    for (const { task } of tasks) {
      if (!this.#tasks.delete(task.partition)) continue
      await this.handlers.revoke?.(task)
    }
  }

  async #restored(partitions: readonly number[]): Promise<HeldTask[]> {
    if (partitions.length === 0) return []
    const wanted = partitions.flatMap((partition) => this.topics.map((topic) => ({ topic, partition })))
    // Waits for transactions of the last owner that are not decided, so that the changelog is read behind them.
    const stored = await answerOf<TopicPartitionOffset[]>((done) => this.#intake.consumer.committed(wanted, OFFSETS_MS, done))
    this.ports.inherited(partitions)
    const restored = await restore(this.ports.clients, this.group, partitions)
    const tasks: HeldTask[] = []
    for (const partition of partitions) {
      const { states, checkpoint } = restored.get(partition)!
      const committed = new Map(
        stored.filter((each) => each.partition === partition).map(({ topic, offset }) => [topic, offset ?? BEGINNING])
      )
      const next = new Map(this.topics.map((topic) => [topic, Math.max(0, committed.get(topic) ?? 0)]))
      checkCheckpoint(this.group, partition, checkpoint, next)
      const task = { group: this.group, partition }
      await this.handlers.assign?.(task, states)
      tasks.push(new HeldTask(task, this.handlers, next, () => this.#wake()))
    }
    return tasks
  }

  #onRebalance(error: LibrdKafkaError | undefined, partitions: TopicPartition[]): void {
    const assigned = error?.code === ERRORS.ERR__ASSIGN_PARTITIONS
    if (this.#stopping || this.#leaving) return this.#decline(assigned)
    this.#rebalances.push({ assigned, partitions: partitions.map(({ partition }) => partition) })
    this.#wake()
  }

  #decline(assigned: boolean): void {
    try {
      if (assigned) this.#intake.consumer.incrementalAssign([])
      else this.#intake.consumer.incrementalUnassign([])
    } catch {
      // It is on its way out and has nothing to decline. Thrown into librdkafka's thread, this would stop the process from ending.
    }
  }

  /** Others of the group hold the partitions that we do not: of those, what is committed counts. */
  async #drain(): Promise<void> {
    this.#draining++
    try {
      const since = performance.now()
      const ends = await this.ports.ends(this.topics)
      const endsOf = (partition: number) => new Map([...ends].map(([topic, offsets]) => [topic, offsets[partition]]))
      for (const wanted = new Set(Array.from({ length: this.ports.partitions }, (_, each) => each)); wanted.size > 0; ) {
        const others = this.#joined && [...wanted].some((partition) => !this.#tasks.has(partition))
        const committed = others ? await this.ports.committed(this.group) : null
        for (const partition of wanted) {
          const task = this.#tasks.get(partition)
          const target = endsOf(partition)
          task?.hurry(target, since)
          const done = task
            ? task.isDrained(target, since)
            : committed !== null && [...target].every(([topic, end]) => (committed.get(topic)?.[partition] ?? 0) >= end)
          if (done) wanted.delete(partition)
        }
        this.#wake()
        if (wanted.size > 0) await sleep(DRAIN_POLL_MS)
      }
    } finally {
      this.#draining--
    }
  }

  #nap(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), this.#intake.restMs)
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = () => {}
        resolve()
      }
    })
  }
}

const isEmpty = (commit: { outputs: readonly unknown[]; states: ReadonlyMap<string, unknown> } | null): boolean =>
  commit === null || (commit.outputs.length === 0 && commit.states.size === 0)

const positionsOf = ({ task, next }: HeldTask): TopicPartitionOffset[] =>
  [...next].map(([topic, offset]) => ({ topic, partition: task.partition, offset }))
