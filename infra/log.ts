/**
 * The log port: topics with partitions, consumer groups with state. Embedded it is LMDB, in cluster mode Apache Kafka; the rooms
 * know neither. test/contracts/log.ts is what every adapter must pass.
 */
export interface NewRecord {
  /** Decides the partition, unless `partition` is given. */
  key: string
  /** null deletes the key from a compacted topic. */
  value: Buffer | null
  partition?: number
}

export interface LogRecord {
  topic: string
  partition: number
  offset: number
  key: string
  value: Buffer | null
}

export interface Position {
  topic: string
  partition: number
  offset: number
}

/** Next offset by topic and partition. Offsets rise but may have holes. */
export type Offsets = Map<string, number[]>

/** One partition of a group's input topics: whoever holds it has its state and is its only writer. */
export interface Task {
  group: string
  partition: number
}

/** What a batch leaves behind. Outputs, states and the batch's offsets are stored as one, or not at all. */
export interface Commit {
  outputs: readonly (NewRecord & { topic: string })[]
  /** State by key; null forgets it. */
  states: ReadonlyMap<string, Buffer | null>
}

/** Calls for one task never overlap; those for different tasks of a group may, where one of them awaits. */
export interface Handlers {
  /** Its batches wait for something outside of this process: they take no turn from those that compute here. */
  elsewhere?: boolean
  /** The task is ours: this is its state as last committed. Called before its first batch. */
  assign?(task: Task, states: Iterable<readonly [string, Buffer]>): void | Promise<void>
  /** The task goes to somebody else: drop what is kept of it. No batch of it is open. */
  revoke?(task: Task): void | Promise<void>
  /** Folds records of one task, in topic order of `process` (earlier topics first) and offset order within each. */
  batch(task: Task, records: readonly LogRecord[]): Commit | Promise<Commit>
  /**
   * Called when the task's input is drained, again until it returns null, every 10 s while nothing comes, and at most every 10 s
   * while input is left (`drained` is false then), with no batch of the task open. What it returns is committed like a batch; null
   * commits nothing.
   */
  between?(task: Task, drained: boolean): Commit | null | Promise<Commit | null>
}

export interface Processing {
  /** Lets the open batch end, then hands back the tasks. */
  stop(): Promise<void>
  /** Rejects when a batch threw: a bug or a full disk, never bad data. Resolves after `stop`. */
  readonly ended: Promise<void>
  /**
   * Resolves when every record appended before the call has been committed, and `between`, asked after that, had nothing to do.
   * Rejects when the group ends before.
   */
  drained(): Promise<void>
}

export interface TopicStatus {
  topic: string
  records: number
  /** Keys and values outside of segment files, as they were appended. */
  bytes: number
  /** UTC ms of the oldest record kept; null when empty. */
  oldestAt: number | null
  /** Read-only files of old records, and their size on disk. */
  segments: number
  segmentBytes: number
}

export interface Log {
  readonly partitions: number
  /** Makes topics that do not exist yet. */
  create(topics: readonly string[]): Promise<void>
  /** Resolves when all records are stored durably; positions in the order of `records`. */
  append(topic: string, records: readonly NewRecord[]): Promise<Position[]>
  /** Runs a consumer group. `states` of a task survive restarts and are handed to whoever holds it next. */
  process(group: string, topics: readonly string[], handlers: Handlers): Processing
  /**
   * Committed records from the given next offsets on (missing: from the start), of all partitions or one, in batches, live
   * until `signal`.
   */
  tail(topic: string, from: readonly number[], signal: AbortSignal, partition?: number): AsyncIterable<LogRecord[]>
  /** One past the last committed record, by topic and partition. */
  ends(topics: readonly string[]): Promise<Offsets>
  /** What a group has committed: next offset by topic and partition. */
  committed(group: string): Promise<Offsets>
  status(): Promise<TopicStatus[]>
  /** Tells one listener of each commit that groups of this process have stored, and how long that took from its beginning. */
  onCommit(listener: (group: string, tookMs: number) => void): void
  close(): Promise<void>
}
