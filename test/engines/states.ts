import { CHECKPOINT, changelogOf } from '../../infra/kafka/names.js'
import type { Log } from '../../infra/log.js'
import { contents } from './counted.js'

interface Kept {
  name: string
  inputs(sources: readonly string[]): string[]
  /** As in processors/contract.ts. */
  resume(bytes: Buffer): unknown
}

const SERIES = 's\0'

/** What a fold knows in the end, a line each key. Where in the log its readings lie is left out. */
const lineOf = ({ resume }: Kept, key: string, bytes: Buffer): string => {
  const state = key.startsWith(SERIES) ? JSON.stringify(resume(bytes)) : String(bytes)
  return `${key.replaceAll('\0', ' ')} ${state.replace(/"(offset|untilOffset)":\d+/g, '"$1":_')}`
}

/** Of a fold that runs no more: whoever takes its tasks is told them. */
export const statesTold = async (log: Log, fold: Kept, topics: readonly string[]): Promise<string[]> => {
  const lines: string[] = []
  const told = log.process(fold.name, topics, {
    assign: (_task, states) => void lines.push(...[...states].map(([key, bytes]) => lineOf(fold, key, bytes))),
    batch: () => ({ outputs: [], states: new Map() })
  })
  await told.drained()
  await told.stop()
  return lines.sort()
}

/** Of a fold on Kafka that may run: the last of each key in its changelog. `named`: what a group is called. */
export const statesKept = async (log: Log, fold: Kept, named: (group: string) => string): Promise<string[]> => {
  const last = new Map<string, string | null>()
  for (const { partition, key, value } of await contents(log, changelogOf(named(fold.name))))
    if (key !== CHECKPOINT) last.set(`${partition}/${key}`, value && lineOf(fold, key, value))
  return [...last.values()].filter((line) => line !== null).sort()
}
