import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { Unavailable } from '../infra/errors.js'
import type { Log } from '../infra/log.js'
import { Topics } from '../schemas/topics.js'
import { NotARecord } from '../schemas/wire.js'

/** Which series to fold again (of all points, or one), and from when (UTC ms; absent: from the beginning). */
const Refold = z.strictObject({ point: z.string().optional(), from: z.int().optional() })
export type Refold = z.output<typeof Refold>

/**
 * What is said to every task of every fold, wherever it runs: a record in each partition, read like any other input, so that it is heard
 * once, whoever dies. `group` is asked to put `answer` on processors.answers, by each of its tasks, when none of its asks waits.
 */
const Command = z.union([z.strictObject({ refold: Refold }), z.strictObject({ group: z.string(), answer: z.string() })])
export type Command = z.output<typeof Command>

/** Throws NotARecord. */
export const readCommand = (value: Buffer): Command => {
  try {
    return Command.parse(JSON.parse(value.toString()))
  } catch (cause) {
    throw new NotARecord(`Expected a command, found ${value.length} bytes that do not read as one.`, { cause })
  }
}

/** `key`: an unread command is replaced by a later one of the same key. Resolves when it is stored. */
const say = async (log: Log, key: string, command: Command): Promise<void> => {
  const value = Buffer.from(JSON.stringify(command))
  await log.append(
    Topics.commands,
    Array.from({ length: log.partitions }, (_, partition) => ({ key, value, partition }))
  )
}

/** Asks for history to be folded again; answered like any other ask. */
export const sayRefold = (log: Log, wanted: Refold): Promise<void> => say(log, `refold ${JSON.stringify(wanted)}`, { refold: wanted })

/**
 * Resolves when every task of a group, wherever it runs, has answered its asks, those included that came of what it had committed
 * before the call; its transactions of before are then to be seen by everyone. Rejects with Unavailable after `patienceMs`.
 */
export const asksAnswered = async (log: Log, group: string, patienceMs: number): Promise<void> => {
  const answer = randomUUID()
  const from = (await log.ends([Topics.answers])).get(Topics.answers)!
  await say(log, group, { group, answer })
  const open = new Set(from.keys())
  for await (const records of log.tail(Topics.answers, from, AbortSignal.timeout(patienceMs))) {
    for (const { value, partition } of records) if (value?.toString() === answer) open.delete(partition)
    if (open.size === 0) return
  }
  throw new Unavailable(
    `The group ${group} has not folded everything again yet: see that its processes run, and ask later. What was sent is safe in the log.`
  )
}
