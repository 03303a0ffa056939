import { Refused } from '../../infra/errors.js'
import type { Commit, Log, LogRecord, Processing, Task } from '../../infra/log.js'
import { decoding } from '../../schemas/decoding.js'
import { Topics } from '../../schemas/topics.js'
import { NotARecord, type Wire } from '../../schemas/wire.js'
import { Box, partsOf } from './box.js'
import { type Channel, type Delivered, NotTaken } from './channel.js'
import { nextPause, type Pace } from './pace.js'
import { addressOf, routeAlerts, routeGroup } from './route.js'

const PACE: Pace = { firstMs: 5_000, longestMs: 10 * 60_000 }

export interface OutboxRooms {
  log: Log
  wire: Wire
  /** UTC ms. */
  now(): number
  pace?: Pace
}

/** Something that leaves the ledger, until it is stopped. */
export interface Outlet {
  name: string
  processings: readonly Processing[]
  /** As metrics call them. */
  groups: readonly { group: string; name: string; topics: readonly string[] }[]
  readonly counts: { delivered: number; setAside: number }
  /** Why something waits, and what to do; null when all is well. */
  trouble(): string | null
}

interface Attempt {
  nextAt: number
  pauseMs: number
  message: string
}

/**
 * Tells the receivers of a channel. What waits for each, and whose alerts it was told, is the group's state: it survives restarts, and goes
 * to whichever process has the receiver next. A delivery is committed when it has succeeded, so after a crash it is made once more.
 */
export const runOutbox = (channel: Channel, { log, wire, now, pace = PACE }: OutboxRooms): Outlet => {
  const decode = decoding(wire)
  const receivers = new Map(channel.receivers.map(({ name }) => [addressOf(channel.name, name), name]))
  const tasks = new Map<number, { boxes: Map<string, Box>; changes: Map<string, Buffer | null> }>()
  const failing = new Map<string, Attempt>()
  const counts = { delivered: 0, setAside: 0 }

  const assign = ({ partition }: Task, states: Iterable<readonly [string, Buffer]>): void => {
    const changes = new Map<string, Buffer | null>()
    const boxes = new Map<string, Box>()
    const known = new Set(receivers.values())
    for (const name of known) boxes.set(name, new Box(name, (key, value) => changes.set(key, value)))
    for (const [key, value] of states) {
      const { kind, receiver, name } = partsOf(key)
      // Whoever is no more in the settings is told nothing more.
      if (known.has(receiver)) boxes.get(receiver)!.restore(kind, name, value)
      else changes.set(key, null)
    }
    tasks.set(partition, { boxes, changes })
  }

  const revoke = ({ partition }: Task): void => {
    // Whoever has them next says so.
    for (const { receiver, since } of tasks.get(partition)?.boxes.values() ?? []) if (since !== null) failing.delete(receiver)
    tasks.delete(partition)
  }

  const committing = (partition: number, outputs: Commit['outputs'] = []): Commit => {
    const task = tasks.get(partition)!
    const states = new Map(task.changes)
    task.changes.clear()
    return { outputs, states }
  }

  const batch = async ({ partition }: Task, records: readonly LogRecord[]): Promise<Commit> => {
    const { boxes } = tasks.get(partition)!
    for (const { key, value, offset } of records) {
      const receiver = receivers.get(key)
      if (receiver === undefined || value === null) continue
      try {
        const alert = await decode('Alert', value)
        boxes.get(receiver)!.put(channel.slotOf(alert, offset), alert, now(), offset)
      } catch (error) {
        if (!(error instanceof NotARecord)) throw error
      }
    }
    return committing(partition)
  }

  const isDue = (box: Box): boolean => {
    const { since } = box
    return since !== null && channel.dueAt(box.receiver, since) <= now() && (failing.get(box.receiver)?.nextAt ?? 0) <= now()
  }

  /** Null: nothing was told. */
  const attempt = async (box: Box): Promise<Delivered | null> => {
    const { receiver, waiting, told } = box
    try {
      const delivered = await channel.deliver(receiver, waiting, told)
      failing.delete(receiver)
      for (const each of waiting.slice(0, delivered.done)) box.done(channel.slotOf(each.alert, each.offset), each)
      counts.setAside += delivered.rejects.length
      counts.delivered += delivered.done - delivered.rejects.length
      return delivered
    } catch (error) {
      // A secret that is not where the settings say it is may be there later.
      if (!(error instanceof NotTaken) && !(error instanceof Refused)) throw error
      const afterMs = error instanceof NotTaken ? error.afterMs : 0
      const pauseMs = nextPause(pace, failing.get(receiver)?.pauseMs)
      failing.set(receiver, { pauseMs, nextAt: now() + Math.max(pauseMs, afterMs), message: `${receiver}: ${error.message}` })
      return null
    }
  }

  const between = async ({ partition }: Task): Promise<Commit | null> => {
    const { boxes, changes } = tasks.get(partition)!
    for (const box of boxes.values()) {
      const delivered = isDue(box) ? await attempt(box) : null
      // Each receiver's is committed by itself, so that little is told twice after a crash.
      if (delivered !== null) {
        const outputs = delivered.rejects.map((reject) => ({
          topic: Topics.rejected,
          key: reject.origin,
          value: wire.encode('Reject', reject)
        }))
        return committing(partition, outputs)
      }
    }
    return changes.size > 0 ? committing(partition) : null
  }

  const processings = [
    routeAlerts(channel, { log, wire, now }),
    log.process(channel.name, [Topics.alertOutbox], {
      elsewhere: true,
      assign,
      revoke,
      batch,
      between
    })
  ]
  return {
    name: channel.name,
    processings,
    groups: [
      { group: routeGroup(channel.name), name: routeGroup(channel.name), topics: [Topics.alerts] },
      { group: channel.name, name: channel.name, topics: [Topics.alertOutbox] }
    ],
    counts,
    trouble: () => failing.values().next().value?.message ?? null
  }
}
