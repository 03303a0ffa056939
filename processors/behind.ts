import { setTimeout as sleep } from 'node:timers/promises'
import type { Log, Offsets } from '../infra/log.js'

const POLL_MS = 5

/** Next offset by topic, in one partition. */
export type Positions = ReadonlyMap<string, number>

/** One question for all who ask before it is put: the answer is of after they asked. On a log that is elsewhere, questions are dear. */
const together = <Answer>(ask: () => Promise<Answer>): (() => Promise<Answer>) => {
  let open: Promise<unknown> = Promise.resolve()
  let next: Promise<Answer> | null = null
  const put = () => {
    next = null
    const answer = ask()
    open = answer.catch(() => {})
    return answer
  }
  return () => {
    next ??= open.then(put)
    return next
  }
}

/** How far the store is behind a fold: asked once for all of its tasks in this process. */
export class Behind {
  readonly #committed: () => Promise<Offsets>
  readonly #ends: () => Promise<Offsets>
  readonly #news: () => Promise<void>
  #stored: Offsets = new Map()

  constructor(
    log: Log,
    private readonly group: { name: string; inputs: readonly string[]; outputs: readonly string[] },
    storeGroup: string
  ) {
    this.#committed = together(() => log.committed(group.name))
    this.#ends = together(() => log.ends(group.outputs))
    this.#news = together(async () => {
      await sleep(POLL_MS)
      this.#stored = await log.committed(storeGroup)
    })
  }

  /** What a task has taken in and sent by now. */
  async of(partition: number): Promise<Positions> {
    const [committed, ends] = await Promise.all([this.#committed(), this.#ends()])
    const { inputs, outputs } = this.group
    return new Map([
      ...inputs.map((topic) => [topic, committed.get(topic)?.[partition] ?? 0] as const),
      ...outputs.map((topic) => [topic, ends.get(topic)?.[partition] ?? 0] as const)
    ])
  }

  /** Whether the store has all of it: at once when that is known, otherwise after the next news of it. */
  async has(partition: number, all: Positions): Promise<boolean> {
    if (!this.#passed(partition, all)) await this.#news()
    return this.#passed(partition, all)
  }

  #passed(partition: number, all: Positions): boolean {
    return [...all].every(([topic, offset]) => (this.#stored.get(topic)?.[partition] ?? 0) >= offset)
  }
}
