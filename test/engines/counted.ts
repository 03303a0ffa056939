import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { expect } from 'vitest'
import type { Log, LogRecord, NewRecord } from '../../infra/log.js'

const CHILD = new URL('./children/counting.mjs', import.meta.url).pathname

export interface Counting {
  brokers: readonly string[]
  slot: number
  group: string
  input: string
  output: string
  sessionTimeoutMs: number
  /** Method of node-rdkafka's producer before which the first transaction with outputs stops, and how long after the word it goes on. */
  step?: string
  afterMs?: number
}

export interface CountingProcess {
  pid: number
  /** Resolves with the line of its output that begins so. */
  says(word: string): Promise<string>
  /** Lets it go on from the step it stopped before. */
  go(): void
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL' | 'SIGTERM'): void
  ended: Promise<void>
}

/** A process of a group that counts records by key (children/counting.mjs). */
export const countingProcess = (settings: Counting): CountingProcess => {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(settings)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const look = () => {
    for (const each of waiting) each()
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    look()
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  void ended.then(look)
  return {
    pid: child.pid!,
    says: (word) =>
      new Promise((resolve, reject) => {
        const answer = () => {
          const line = lines.find((each) => each.startsWith(word))
          const over = child.exitCode !== null || child.signalCode !== null
          if (line === undefined && !over) return
          waiting.delete(answer)
          if (line !== undefined) resolve(line)
          else reject(new Error(`It ended without saying "${word}", but: ${lines.join(' | ')}`))
        }
        waiting.add(answer)
        answer()
      }),
    go: () => void child.stdin.write('go\n'),
    signal: (signal) => void child.kill(signal),
    ended
  }
}

const KEYS = 40

export const numbered = (count: number, from = 0): NewRecord[] =>
  Array.from({ length: count }, (_, i) => ({ key: `ES00${(from + i) % KEYS}`, value: Buffer.from(String(from + i)) }))

/** Every record of a topic that is committed now. */
export const contents = async (log: Log, topic: string): Promise<LogRecord[]> => {
  const ends = (await log.ends([topic])).get(topic)!
  const found: LogRecord[] = []
  const next = new Array<number>(log.partitions).fill(0)
  const complete = () => ends.every((end, partition) => next[partition] >= end)
  if (complete()) return found
  for await (const records of log.tail(topic, [], new AbortController().signal)) {
    found.push(...records)
    for (const { partition, offset } of records) next[partition] = offset + 1
    if (complete()) break
  }
  return found
}

/** Waits until the group has committed all of its input. */
export const caughtUp = async (log: Log, group: string, input: string): Promise<void> => {
  const ends = (await log.ends([input])).get(input)!
  await expect.poll(async () => (await log.committed(group)).get(input) ?? [], { timeout: 90_000, interval: 100 }).toEqual(ends)
}

/** Each key's outputs are 1, 2, 3 ... once each: nothing folded twice, nothing lost, nothing out of order. */
export const expectCounted = (outputs: readonly LogRecord[], total: number): void => {
  const counts = new Map<string, number>()
  for (const { key, value } of outputs) {
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    expect(`${key}: ${value}`).toBe(`${key}: ${count}`)
  }
  expect(outputs.length).toBe(total)
}
