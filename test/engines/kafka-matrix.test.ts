import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { KafkaLog } from '../../infra/kafka/log.js'
import type { Cluster } from '../../infra/local/kafka.js'
import { type Counting, type CountingProcess, caughtUp, contents, countingProcess, expectCounted, numbered } from './counted.js'
import { kafkaForTest } from './kafka.js'

/** The failure matrix: whatever dies, freezes or moves, every record is counted once. */
let kafka: Cluster
let log: KafkaLog
beforeAll(async () => {
  kafka = await kafkaForTest()
  log = await KafkaLog.open({ brokers: kafka.brokers, partitions: 4 })
})
afterAll(async () => {
  await log.close()
  await kafka.close()
})

const SESSION_MS = 3_000
let made = 0
let settings: Omit<Counting, 'slot'>
let processes: CountingProcess[]
beforeEach(async () => {
  made++
  const [input, output, group] = [`in-${made}`, `out-${made}`, `group-${made}`]
  await log.create([input, output])
  settings = { brokers: kafka.brokers, group, input, output, sessionTimeoutMs: SESSION_MS }
  processes = []
})
afterEach(async () => {
  for (const each of processes) each.signal('SIGKILL')
  await Promise.all(processes.map(({ ended }) => ended))
})

const start = (slot: number, how: Pick<Counting, 'step' | 'afterMs'> = {}): CountingProcess => {
  const started = countingProcess({ ...settings, ...how, slot })
  processes.push(started)
  return started
}

const expectAllCounted = async (total: number): Promise<void> => {
  await caughtUp(log, settings.group, settings.input)
  // The markers of one transaction reach its partitions one after the other: offsets may be seen before outputs.
  const outputs = async () => await contents(log, settings.output)
  await expect.poll(async () => (await outputs()).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(total)
  expectCounted(await outputs(), total)
}

const STEPS = ['beginTransaction', 'sendOffsetsToTransaction', 'commitTransaction']

describe('a process that dies', () => {
  for (const step of STEPS)
    test(`before ${step}: the same slot comes back`, async () => {
      await log.append(settings.input, numbered(500))
      const dying = start(0, { step })
      await dying.says('stopped')
      dying.signal('SIGKILL')
      await dying.ended
      await log.append(settings.input, numbered(500, 500))
      start(0)
      await expectAllCounted(1000)
    })

  test('and does not come back: another slot takes its tasks, with their states', async () => {
    await log.append(settings.input, numbered(500))
    const dying = start(0, { step: 'commitTransaction' })
    await dying.says('stopped')
    const other = start(1)
    await other.says('running')
    dying.signal('SIGKILL')
    await log.append(settings.input, numbered(500, 500))
    await expectAllCounted(1000)
  })
})

describe('a process that is frozen past its session with records folded and not committed', () => {
  for (const [how, afterMs] of [
    ['at once', 0],
    ['when it has joined again', 4_000]
  ] as const)
    for (const step of STEPS)
      test(`before ${step}, and goes on ${how}`, async () => {
        await log.append(settings.input, numbered(400))
        const zombie = start(0, { step, afterMs })
        await zombie.says('stopped')
        zombie.signal('SIGSTOP')
        start(1)
        // The other one waits until the frozen session is over, and its transaction, if one is open, aborted by the broker.
        await expectAllCounted(400)
        zombie.go()
        zombie.signal('SIGCONT')
        await log.append(settings.input, numbered(400, 400))
        await sleep(afterMs + 2_000)
        await log.append(settings.input, numbered(200, 800))
        await expectAllCounted(1000)
      })
})

describe('tasks that move', () => {
  test('a second process takes half of the tasks while records come, and gives them back', async () => {
    start(0)
    let sent = 0
    const send = async (rounds: number) => {
      for (let i = 0; i < rounds; i++) {
        await log.append(settings.input, numbered(100, sent))
        sent += 100
        await sleep(20)
      }
    }
    await send(20)
    const second = start(1)
    await second.says('running')
    await send(60)
    second.signal('SIGTERM')
    await send(60)
    await second.ended
    await expectAllCounted(sent)
  })

  test('two processes with one slot: the first ends and says why, nothing is counted twice', async () => {
    const first = start(0)
    await log.append(settings.input, numbered(300))
    await caughtUp(log, settings.group, settings.input)
    start(0)
    await log.append(settings.input, numbered(300, 300))
    expect(await first.says('ended')).toMatch(/slot/)
    await first.ended
    await log.append(settings.input, numbered(400, 600))
    await expectAllCounted(1000)
  })
})
