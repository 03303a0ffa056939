import type { Environment, Table } from './env.js'
import { after, pairKey, tripleKey } from './keys.js'
import type { Names } from './names.js'

/** What consumer groups have committed: next offsets by topic and partition, and states by key. */
export class Groups {
  readonly #offsets: Table
  readonly #states: Table

  constructor(
    env: Environment,
    private readonly groups: Names,
    private readonly topics: Names
  ) {
    this.#offsets = env.table('group-offsets')
    this.#states = env.table('group-states')
  }

  /** Next offset of a group in one partition of a topic; 0 where it has committed nothing. */
  offset(group: string, topic: string, partition: number): number {
    return this.#offsets.get(this.#offsetKey(group, topic, partition))?.readUIntBE(0, 6) ?? 0
  }

  putOffset(group: string, topic: string, partition: number, next: number): void {
    const row = Buffer.allocUnsafe(6)
    row.writeUIntBE(next, 0, 6)
    this.#offsets.put(this.#offsetKey(group, topic, partition), row)
  }

  /** Topics the group has committed in. */
  topicsOf(group: string): string[] {
    const id = this.groups.get(group)
    if (id === undefined) return []
    return [...this.topics.list()].filter((topic) => {
      const prefix = pairKey(id, this.topics.get(topic)!)
      return this.#offsets.getKeysCount({ start: prefix, end: after(prefix), limit: 1 }) > 0
    })
  }

  *states(group: string, partition: number): Generator<readonly [string, Buffer]> {
    const prefix = pairKey(this.groups.get(group)!, partition)
    for (const { key, value } of this.#states.getRange({ start: prefix, end: after(prefix) }))
      yield [key.toString('utf8', prefix.length), value]
  }

  putStates(group: string, partition: number, states: ReadonlyMap<string, Buffer | null>): void {
    const prefix = pairKey(this.groups.get(group)!, partition)
    for (const [name, state] of states) {
      const key = Buffer.concat([prefix, Buffer.from(name)])
      if (state) this.#states.put(key, state)
      else this.#states.remove(key)
    }
  }

  #offsetKey(group: string, topic: string, partition: number): Buffer {
    return tripleKey(this.groups.get(group)!, this.topics.get(topic)!, partition)
  }
}
