import { setTimeout as sleep } from 'node:timers/promises'
import { Damaged } from '../errors.js'
import type { Clients } from './clients.js'
import { CHECKPOINT, changelogOf } from './names.js'
import { Intake } from './reader.js'

export interface Restored {
  states: Map<string, Buffer>
  /** By topic; null before the first commit. */
  checkpoint: Record<string, number> | null
}

/** The states of some tasks as last committed. Whoever asks owns the tasks: nobody else writes them meanwhile. */
export const restore = async (clients: Clients, group: string, partitions: readonly number[]): Promise<Map<number, Restored>> => {
  const topic = changelogOf(group)
  const restored = new Map(partitions.map((partition) => [partition, { states: new Map(), checkpoint: null } as Restored]))
  const intake = new Intake(await clients.reader('error'))
  // The last owner's transaction may be decided but not yet marked in each partition: the end at first sight has to be reached.
  const wanted = new Map<number, number>()
  const open = new Set(partitions)
  try {
    intake.assign(partitions.map((partition) => ({ topic, partition, offset: -2 })))
    while (open.size > 0) {
      const { messages, ends } = await intake.take(5000)
      for (const { partition, key, value } of messages) {
        const into = restored.get(partition)!
        const name = key?.toString() ?? ''
        if (name === CHECKPOINT) into.checkpoint = JSON.parse(value!.toString())
        else if (value === null) into.states.delete(name)
        else into.states.set(name, value)
      }
      for (const { partition, offset } of ends) {
        if (!wanted.has(partition)) wanted.set(partition, intake.consumer.getWatermarkOffsets(topic, partition).highOffset)
        if (offset >= wanted.get(partition)!) open.delete(partition)
      }
      intake.againWhenSilent()
      if (messages.length + ends.length === 0) await sleep(intake.restMs)
    }
  } finally {
    await intake.close()
  }
  return restored
}

/** Throws Damaged when states and offsets were not committed together: one of the two topics lost records, or was written by hand. */
export const checkCheckpoint = (
  group: string,
  partition: number,
  checkpoint: Restored['checkpoint'],
  committed: ReadonlyMap<string, number>
): void => {
  for (const [topic, offset] of committed) {
    if ((checkpoint?.[topic] ?? 0) === offset) continue
    throw new Damaged(
      `The group "${group}" has committed offset ${offset} of "${topic}", partition ${partition}, and its changelog says ${checkpoint?.[topic] ?? 0}: states and offsets do not belong together. The topic was made anew, offsets were moved, or the changelog lost records. Nothing is folded. To rebuild, delete the topic "${changelogOf(group)}" and the group's offsets, and replay.`
    )
  }
}
