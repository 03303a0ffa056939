import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { KafkaLog } from '../../infra/kafka/log.js'
import type { Cluster } from '../../infra/local/kafka.js'
import { type Counting, type CountingProcess, caughtUp, contents, countingProcess, expectCounted, numbered } from './counted.js'
import { kafkaForTest } from './kafka.js'

/** Who is stopped hands its tasks over at once; who dies and comes back goes on with them. No session ends while a test runs. */
const SESSION_MS = 600_000

let kafka: Cluster
let log: KafkaLog
let made = 0
let settings: Omit<Counting, 'slot'>
let processes: CountingProcess[]
let sent: number
beforeAll(async () => {
  kafka = await kafkaForTest()
  log = await KafkaLog.open({ brokers: kafka.brokers, partitions: 4 })
})
afterAll(async () => {
  await log.close()
  await kafka.close()
})
beforeEach(async () => {
  made++
  const [input, output, group] = [`in-${made}`, `out-${made}`, `group-${made}`]
  await log.create([input, output])
  settings = { brokers: kafka.brokers, group, input, output, sessionTimeoutMs: SESSION_MS }
  processes = []
  sent = 0
})
afterEach(async () => {
  for (const each of processes) each.signal('SIGKILL')
  await Promise.all(processes.map(({ ended }) => ended))
})

const start = (slot: number, holds = false): CountingProcess => {
  const started = countingProcess({ ...settings, slot, holds })
  processes.push(started)
  return started
}

/** Records of every partition go in, and all of them are counted. */
const counted = async (): Promise<void> => {
  await log.append(settings.input, numbered(400, sent))
  sent += 400
  await caughtUp(log, settings.group, settings.input)
  await expect.poll(async () => (await contents(log, settings.output)).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(sent)
  expectCounted(await contents(log, settings.output), sent)
}

/** Three share the four partitions. */
const three = async (): Promise<CountingProcess[]> => {
  const all = [0, 1, 2].map((slot) => start(slot))
  await Promise.all(all.map((each) => each.says('running')))
  await counted()
  // Time for those that came last to be given tasks.
  await sleep(5_000)
  await counted()
  return all
}

test('one of three is stopped for good: the others have its tasks', async () => {
  const [, , third] = await three()
  third.signal('SIGTERM')
  await third.ended
  await counted()
})

test('each is stopped and started again in turn, while the others go on', async () => {
  const all = await three()
  for (const [slot, each] of all.entries()) {
    each.signal('SIGTERM')
    await each.ended
    await counted()
    await start(slot).says('running')
    await counted()
  }
})

test('all are stopped, and two of them started', async () => {
  const all = await three()
  for (const each of all) each.signal('SIGTERM')
  await Promise.all(all.map(({ ended }) => ended))
  start(0)
  start(1)
  await counted()
})

test('one dies and comes back: it goes on with its own', async () => {
  const [, second] = await three()
  second.signal('SIGKILL')
  await second.ended
  start(1)
  await counted()
})

test('one dies while it hands tasks over, and is back before its session is over: they are somebody’s again', async () => {
  const first = start(0, true)
  await first.says('running')
  await log.append(
    settings.input,
    [0, 1, 2, 3].map((partition) => ({ key: 'hold', value: Buffer.from('0'), partition }))
  )
  await first.says('holding')
  await start(1).says('running')
  // It hears of the other by a heartbeat, and cannot let go of what it has begun.
  await sleep(5_000)
  await first.kill()
  await start(0).says('running')
  await caughtUp(log, settings.group, settings.input)
  const held = (await contents(log, settings.output)).map(({ key, value }) => `${key} ${value}`)
  expect(held.sort()).toEqual(['hold 1', 'hold 1', 'hold 1', 'hold 1'])
})
