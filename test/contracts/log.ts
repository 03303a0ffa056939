import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Commit, Handlers, Log, LogRecord, NewRecord, Task } from '../../infra/log.js'
import { partitionOf } from '../../schemas/partition.js'

/** What every log must do, whatever it runs on. A harness opens an empty one, or one in which earlier tests used other names. */
export interface LogHarness {
  log: Log
  /** Takes the tasks of a running group away and hands them out again. */
  rebalance(group: string): Promise<void>
  /** Closes the log and opens it again on the same data. */
  reopen(): Promise<Log>
  close(): Promise<void>
}

let made = 0
/** A name no other test uses: a broker may outlive a test. */
const unique = (name: string): string => `${name}-${process.pid}-${Date.now().toString(36)}-${made++}`

const keys = Array.from({ length: 40 }, (_, i) => `ES00${i}`)
const numbered = (count: number, from = 0): NewRecord[] =>
  Array.from({ length: count }, (_, i) => ({ key: keys[(from + i) % keys.length], value: Buffer.from(String(from + i)) }))
const numberOf = (record: LogRecord): number => Number(record.value?.toString())

const nothing: Commit = { outputs: [], states: new Map() }

/** Reads everything that is in a topic now. */
const contents = async (log: Log, topic: string): Promise<LogRecord[]> => {
  const ends = (await log.ends([topic])).get(topic)!
  const found: LogRecord[] = []
  const done = new AbortController()
  const next = new Array<number>(log.partitions).fill(0)
  const complete = () => ends.every((end, partition) => next[partition] >= end)
  // An aborted transaction may leave a hole at the end, which no record will fill.
  const patience = setTimeout(() => done.abort(), 5000)
  if (complete()) done.abort()
  for await (const records of log.tail(topic, [], done.signal)) {
    found.push(...records)
    for (const { partition, offset } of records) next[partition] = offset + 1
    if (complete()) done.abort()
  }
  clearTimeout(patience)
  return found
}

/**
 * Copies `from` to `to` as `key: running count of the key`, with the count as state: any record folded twice, lost or out of order
 * shows in the output.
 */
const counting = (to: string, onBatch: (task: Task) => void = () => {}) => {
  const held = new Map<number, Map<string, { count: number; last: number }>>()
  const handlers: Handlers = {
    assign(task, states) {
      expect(held.has(task.partition), 'assigned twice').toBe(false)
      held.set(task.partition, new Map([...states].map(([key, state]) => [key, JSON.parse(state.toString())])))
    },
    revoke(task) {
      expect(held.delete(task.partition), 'revoked without being assigned').toBe(true)
    },
    async batch(task, records) {
      const states = held.get(task.partition)
      if (!states) throw new Error('a batch without an assignment')
      onBatch(task)
      const outputs: (NewRecord & { topic: string })[] = []
      const dirty = new Map<string, Buffer>()
      for (const record of records) {
        const before = states.get(record.key) ?? { count: 0, last: -1 }
        const after = { count: before.count + 1, last: numberOf(record) }
        if (after.last <= before.last) throw new Error(`${record.key}: ${after.last} came after ${before.last}`)
        states.set(record.key, after)
        dirty.set(record.key, Buffer.from(JSON.stringify(after)))
        outputs.push({ topic: to, key: record.key, value: Buffer.from(String(after.count)) })
      }
      await sleep(0)
      return { outputs, states: dirty }
    }
  }
  return handlers
}

/** Each key's outputs are 1, 2, 3 ... once each. */
const expectCounted = (outputs: readonly LogRecord[], total: number): void => {
  expect(outputs.length).toBe(total)
  const counts = new Map<string, number>()
  for (const output of outputs) {
    const count = (counts.get(output.key) ?? 0) + 1
    counts.set(output.key, count)
    expect(numberOf(output)).toBe(count)
  }
}

export const logContract = (open: () => Promise<LogHarness>): void => {
  let harness: LogHarness
  let log: Log
  beforeEach(async () => {
    harness = await open()
    log = harness.log
  })
  afterEach(() => harness.close())

  const topic = async (name: string): Promise<string> => {
    const made = unique(name)
    await log.create([made])
    return made
  }

  describe('append and tail', () => {
    test('there are at least four partitions, and a key is always in the one murmur2 gives', async () => {
      expect(log.partitions).toBeGreaterThanOrEqual(4)
      const name = await topic('keys')
      const positions = await log.append(name, numbered(200))
      expect(positions.map(({ partition }) => partition)).toEqual(numbered(200).map(({ key }) => partitionOf(key, log.partitions)))
      expect(new Set(positions.map(({ partition }) => partition)).size).toBe(log.partitions)
    })

    test('positions name the records, in the order given; offsets rise within a partition', async () => {
      const name = await topic('positions')
      const positions = [...(await log.append(name, numbered(50))), ...(await log.append(name, numbered(50, 50)))]
      const found = await contents(log, name)
      const at = new Map(found.map((record) => [`${record.partition}/${record.offset}`, numberOf(record)]))
      expect(positions.map(({ partition, offset }) => at.get(`${partition}/${offset}`))).toEqual(Array.from({ length: 100 }, (_, i) => i))
      for (let partition = 0; partition < log.partitions; partition++) {
        const numbers = found.filter((record) => record.partition === partition).map(numberOf)
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
      }
    })

    test('a partition asked for is the one used', async () => {
      const name = await topic('explicit')
      const asked = [3, 0, 2, 1, 3]
      const positions = await log.append(
        name,
        asked.map((partition) => ({ key: 'beat', value: null, partition }))
      )
      expect(positions.map(({ partition }) => partition)).toEqual(asked)
      expect((await contents(log, name)).length).toBe(5)
    })

    test('keys and values come back as they went in: null, empty, every byte, large, other alphabets', async () => {
      const name = await topic('values')
      const values = [
        null,
        Buffer.alloc(0),
        Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
        Buffer.alloc(300_000, 'x'),
        Buffer.from([0])
      ]
      const records = values.map((value, i) => ({ key: i === 0 ? 'ñandú/€' : 'key', value, partition: 0 }))
      await log.append(name, records)
      const found = await contents(log, name)
      expect(found.map(({ key }) => key)).toEqual(records.map(({ key }) => key))
      for (const [i, value] of values.entries())
        expect(value === null ? found[i].value : found[i].value?.equals(value)).toBe(value === null ? null : true)
    })

    test('appending nothing, and making a topic twice, change nothing', async () => {
      const name = await topic('nothing')
      expect(await log.append(name, [])).toEqual([])
      await log.create([name])
      expect((await log.ends([name])).get(name)).toEqual(new Array(log.partitions).fill(0))
    })

    test('many appends at once are all stored, each in its order', async () => {
      const name = await topic('together')
      await Promise.all(Array.from({ length: 100 }, (_, i) => log.append(name, numbered(10, i * 10))))
      const found = await contents(log, name)
      expect(found.map(numberOf).sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i))
    })

    test('a tail starts where it is told, goes on live, and ends with its signal', async () => {
      const name = await topic('tail')
      const [, second] = await log.append(
        name,
        [1, 2, 3].map((i) => ({ key: 'k', value: Buffer.from(String(i)), partition: 1 }))
      )
      const done = new AbortController()
      const seen: number[] = []
      const reading = (async () => {
        const from: number[] = []
        from[1] = second.offset
        for await (const records of log.tail(name, from, done.signal)) seen.push(...records.map(numberOf))
      })()
      await expect.poll(() => seen).toEqual([2, 3])
      await log.append(name, [{ key: 'k', value: Buffer.from('4'), partition: 1 }])
      await log.append(name, [{ key: 'k', value: Buffer.from('5'), partition: 2 }])
      await expect.poll(() => seen).toEqual([2, 3, 4, 5])
      done.abort()
      await reading
    })

    test('a tail of one partition sees no other', async () => {
      const name = await topic('one')
      await log.append(name, numbered(100))
      const done = new AbortController()
      const end = (await log.ends([name])).get(name)![2]
      for await (const records of log.tail(name, [], done.signal, 2)) {
        expect(records.every(({ partition }) => partition === 2)).toBe(true)
        if (records[records.length - 1].offset === end - 1) done.abort()
      }
    })

    test('everything is there after closing and opening again', async () => {
      const name = await topic('again')
      await log.append(name, numbered(100))
      const before = await contents(log, name)
      log = await harness.reopen()
      expect(await contents(log, name)).toEqual(before)
    })
  })

  describe('process', () => {
    test('every record once, in the order of its partition; offsets, outputs and states are committed together', async () => {
      const [input, output, group] = [await topic('in'), await topic('out'), unique('group')]
      await log.append(input, numbered(500))
      const run = log.process(group, [input], counting(output))
      await log.append(input, numbered(500, 500))
      await run.drained()
      expectCounted(await contents(log, output), 1000)
      expect((await log.committed(group)).get(input)).toEqual((await log.ends([input])).get(input))
      await run.stop()
      await run.ended
    })

    test('a lone record is folded at once', async () => {
      const [input, output, group] = [await topic('in'), await topic('out'), unique('group')]
      const run = log.process(group, [input], counting(output))
      await run.drained()
      await log.append(input, numbered(1))
      await expect.poll(async () => (await contents(log, output)).length, { interval: 5, timeout: 5000 }).toBe(1)
      await run.stop()
    })

    test('a batch that throws leaves nothing behind, ends the group, and is folded by whoever comes next', async () => {
      const [input, output, group] = [await topic('in'), await topic('out'), unique('group')]
      await log.append(input, numbered(100))
      const failing = counting(output)
      const failed = log.process(group, [input], {
        ...failing,
        async batch(task, records) {
          const commit = await failing.batch(task, records)
          if (task.partition === 1) throw new Error('a bug')
          return commit
        }
      })
      await expect(failed.ended).rejects.toThrow('a bug')
      expect((await contents(log, output)).filter(({ partition }) => partition === 1)).toEqual([])
      expect((await log.committed(group)).get(input)?.[1] ?? 0).toBe(0)
      const run = log.process(group, [input], counting(output))
      await run.drained()
      await run.stop()
      expectCounted(await contents(log, output), 100)
    })

    test('drained rejects when the group fails', async () => {
      const [input, group] = [await topic('in'), unique('group')]
      await log.append(input, numbered(10))
      const run = log.process(group, [input], {
        batch() {
          throw new Error('a bug')
        }
      })
      await Promise.all([expect(run.ended).rejects.toThrow('a bug'), expect(run.drained()).rejects.toThrow()])
    })

    test('states are handed to whoever holds the task next; null forgets one', async () => {
      const [input, group] = [await topic('in'), unique('group')]
      const fold = async (states: Map<string, Buffer | null>, held: Map<string, string>) => {
        await log.append(input, [{ key: 'k', value: null, partition: 2 }])
        const run = log.process(group, [input], {
          assign(task, restored) {
            for (const [key, state] of restored) held.set(`${task.partition}/${key}`, state.toString())
          },
          batch: () => ({ outputs: [], states })
        })
        await run.drained()
        await run.stop()
        return held
      }
      expect(
        await fold(
          new Map([
            ['a', Buffer.from('1')],
            ['b', Buffer.from('2')]
          ]),
          new Map()
        )
      ).toEqual(new Map())
      expect(
        await fold(
          new Map<string, Buffer | null>([
            ['a', null],
            ['c', Buffer.from('3')]
          ]),
          new Map()
        )
      ).toEqual(
        new Map([
          ['2/a', '1'],
          ['2/b', '2']
        ])
      )
      log = await harness.reopen()
      expect(await fold(new Map(), new Map())).toEqual(
        new Map([
          ['2/b', '2'],
          ['2/c', '3']
        ])
      )
    })

    test('it goes on where it was after closing and opening again', async () => {
      const [input, output, group] = [await topic('in'), await topic('out'), unique('group')]
      for (let round = 0; round < 3; round++) {
        await log.append(input, numbered(200, round * 200))
        const run = log.process(group, [input], counting(output))
        await run.drained()
        log = await harness.reopen()
      }
      expectCounted(await contents(log, output), 600)
    })

    test('tasks that are taken away between any two calls lose and repeat nothing', async () => {
      const [input, output, group] = [await topic('in'), await topic('out'), unique('group')]
      let rebalances = 0
      const pending: Promise<void>[] = []
      const run = log.process(
        group,
        [input],
        counting(output, () => {
          if (rebalances++ < 8) pending.push(harness.rebalance(group))
        })
      )
      for (let i = 0; i < 10; i++) {
        await log.append(input, numbered(100, i * 100))
        await sleep(2)
      }
      pending.push(harness.rebalance(group))
      await run.drained()
      await Promise.all(pending)
      expectCounted(await contents(log, output), 1000)
      await run.stop()
      expect(rebalances).toBeGreaterThan(0)
    })

    test('stopping lets the open batch end, and hands the tasks back', async () => {
      const [input, output, group] = [await topic('in'), await topic('out'), unique('group')]
      await log.append(input, numbered(100))
      const calls: string[] = []
      let inBatch = () => {}
      const begun = new Promise<void>((resolve) => {
        inBatch = resolve
      })
      const run = log.process(group, [input], {
        async batch(task, records) {
          calls.push(`begin ${task.partition}`)
          inBatch()
          await sleep(50)
          calls.push(`end ${task.partition}`)
          return { outputs: records.map(({ key, value }) => ({ topic: output, key, value })), states: new Map() }
        },
        revoke: (task) => void calls.push(`revoke ${task.partition}`)
      })
      await begun
      await run.stop()
      await run.ended
      for (let partition = 0; partition < log.partitions; partition++) {
        const of = calls.filter((call) => call.endsWith(` ${partition}`)).map((call) => call.split(' ')[0])
        expect(of.length === 0 || of.at(-1) === 'revoke').toBe(true)
        expect(of.filter((call) => call === 'begin').length).toBe(of.filter((call) => call === 'end').length)
      }
      const begunTasks = new Set(calls.filter((call) => call.startsWith('end')).map((call) => Number(call.slice(4))))
      const folded = new Set((await contents(log, output)).map(({ partition }) => partition))
      for (const partition of begunTasks) expect(folded.has(partition)).toBe(true)
    })

    test('a batch has earlier topics first, and what is live does not wait for a backlog', async () => {
      const [live, backlog, group] = [await topic('live'), await topic('backlog'), unique('group')]
      await log.append(
        backlog,
        Array.from({ length: 30_000 }, (_, i) => ({ key: 'k', value: Buffer.from(String(i)), partition: 0 }))
      )
      const order: string[] = []
      let appended: Promise<unknown> | null = null
      const run = log.process(group, [live, backlog], {
        async batch(_, records) {
          const topics = records.map((record) => record.topic)
          if (topics.includes(backlog)) expect(topics.lastIndexOf(live)).toBeLessThan(topics.indexOf(backlog))
          order.push(...topics)
          appended ??= log.append(live, [{ key: 'k', value: Buffer.from('now'), partition: 0 }])
          await appended
          return nothing
        }
      })
      await run.drained()
      await run.stop()
      expect(order.length).toBe(30_001)
      expect(order.indexOf(live)).toBeLessThan(order.lastIndexOf(backlog))
    })

    test('groups run side by side and know nothing of each other', async () => {
      const input = await topic('in')
      const [a, b] = [unique('a'), unique('b')]
      const [outA, outB] = [await topic('out-a'), await topic('out-b')]
      const first = log.process(a, [input], counting(outA))
      await log.append(input, numbered(300))
      const second = log.process(b, [input], counting(outB))
      await log.append(input, numbered(300, 300))
      await Promise.all([first.drained(), second.drained()])
      expectCounted(await contents(log, outA), 600)
      expectCounted(await contents(log, outB), 600)
      await first.stop()
      await log.append(input, numbered(100, 600))
      await second.drained()
      expect((await contents(log, outA)).length).toBe(600)
      expectCounted(await contents(log, outB), 700)
      await second.stop()
    })

    test('one group reads what another writes, and one may read what it writes itself', async () => {
      const [input, middle, output] = [await topic('in'), await topic('middle'), await topic('out')]
      const first = log.process(unique('first'), [input], counting(middle))
      const second = log.process(unique('second'), [middle], {
        batch: (_, records) => ({ outputs: records.map(({ key, value }) => ({ topic: output, key, value })), states: new Map() })
      })
      await log.append(input, numbered(200))
      await first.drained()
      await second.drained()
      expectCounted(await contents(log, output), 200)
      await Promise.all([first.stop(), second.stop()])
    })

    test('nobody sees the outputs of a batch that was not committed', async () => {
      const [input, output, group] = [await topic('in'), await topic('out'), unique('group')]
      const done = new AbortController()
      const seen: string[] = []
      const reading = (async () => {
        for await (const records of log.tail(output, [], done.signal)) seen.push(...records.map(({ value }) => String(value)))
      })()
      await log.append(input, [{ key: 'k', value: null, partition: 0 }])
      const failed = log.process(group, [input], {
        batch: () => ({
          outputs: [
            { topic: output, key: 'k', value: Buffer.from('never') },
            { topic: 'no topic of that name', key: 'k', value: null }
          ],
          states: new Map()
        })
      })
      await expect(failed.ended).rejects.toThrow()
      const run = log.process(group, [input], {
        batch: () => ({ outputs: [{ topic: output, key: 'k', value: Buffer.from('once') }], states: new Map() })
      })
      await run.drained()
      await expect.poll(() => seen).toEqual(['once'])
      await run.stop()
      done.abort()
      await reading
    })
  })

  describe('between', () => {
    test('is called when input is drained, is committed like a batch, and is called again until it has nothing', async () => {
      const [input, output, group] = [await topic('in'), await topic('out'), unique('group')]
      await log.append(input, [{ key: 'k', value: null, partition: 1 }])
      const asked: boolean[] = []
      let asks = 3
      const handlers: Handlers = {
        batch: () => ({ outputs: [], states: new Map([['asks', Buffer.from('3')]]) }),
        between(task, drained) {
          if (task.partition !== 1) return null
          asked.push(drained)
          if (!drained || asks === 0) return null
          asks--
          return {
            outputs: [{ topic: output, key: 'k', value: Buffer.from(String(asks)), partition: 1 }],
            states: new Map([['asks', Buffer.from(String(asks))]])
          }
        }
      }
      const run = log.process(group, [input], handlers)
      await run.drained()
      expect((await contents(log, output)).map(numberOf)).toEqual([2, 1, 0])
      expect(asked.filter((drained) => drained).length).toBeGreaterThanOrEqual(4)
      await run.stop()
      const states = new Map<string, string>()
      const again = log.process(group, [input], {
        assign(_, restored) {
          for (const [key, state] of restored) states.set(key, state.toString())
        },
        batch: () => nothing
      })
      await again.drained()
      await again.stop()
      expect(states).toEqual(new Map([['asks', '0']]))
    })

    test('drained asks it anew, so that what waited for something else is done', async () => {
      const [input, output, group] = [await topic('in'), await topic('out'), unique('group')]
      let ready = false
      const run = log.process(group, [input], {
        batch: () => nothing,
        between(task) {
          if (!ready || task.partition !== 0) return null
          ready = false
          return { outputs: [{ topic: output, key: 'k', value: null, partition: 0 }], states: new Map() }
        }
      })
      await run.drained()
      expect((await contents(log, output)).length).toBe(0)
      ready = true
      await run.drained()
      expect((await contents(log, output)).length).toBe(1)
      await run.stop()
    })

    test('no batch of the task is open meanwhile, and while input is left it is not called all the time', async () => {
      const [input, group] = [await topic('in'), unique('group')]
      await log.append(
        input,
        Array.from({ length: 50_000 }, (_, i) => ({ key: 'k', value: Buffer.from(String(i)), partition: 0 }))
      )
      let open = 0
      let early = 0
      const run = log.process(group, [input], {
        async batch() {
          open++
          await sleep(1)
          open--
          return nothing
        },
        async between(task, drained) {
          if (task.partition !== 0) return null
          expect(open).toBe(0)
          if (!drained) early++
          return null
        }
      })
      await run.drained()
      await run.stop()
      expect(early).toBeLessThanOrEqual(1)
    })
  })
}
