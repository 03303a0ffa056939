import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Clients } from '../../infra/kafka/clients.js'
import type { Cluster } from '../../infra/local/kafka.js'
import { until } from '../whole/child.js'
import { kafkaForTest } from './kafka.js'
import { inScene, type Stop, undisturbedRounds } from './scene.js'
import type { Outcome } from './undisturbed.js'

/** The failure matrix, rows 9 to 12: somebody who is not one any more, or not the only one, goes on with what it has begun. */
let kafka: Cluster
let expected: Outcome
beforeAll(async () => {
  ;[kafka, expected] = await Promise.all([kafkaForTest(), undisturbedRounds()])
})
afterAll(() => kafka.close())

const SESSION_MS = 3_000
/** Until it has joined the group again, as a new member. */
const REJOINED_MS = 4_000
/** Behind the 10 s after which a broker aborts a transaction that nobody ends. */
const PAUSE_MS = 14_000

const STEPS: Stop['step'][] = ['beginTransaction', 'sendOffsetsToTransaction', 'commitTransaction']

// They mostly wait.
describe.concurrent('M9 a process that is frozen past its session with records folded and not committed', () => {
  for (const [how, afterMs] of [
    ['at once', 0],
    ['when it has joined again', REJOINED_MS]
  ] as const)
    for (const step of STEPS)
      test(`before ${step}, and goes on ${how}`, () =>
        inScene(kafka.brokers, async (scene) => {
          await scene.append(0, 3)
          const zombie = scene.start(0, { stop: { step, group: 'energy', afterMs }, sessionTimeoutMs: SESSION_MS })
          await zombie.says('stopped')
          zombie.signal('SIGSTOP')
          scene.start(1, { sessionTimeoutMs: SESSION_MS })
          // The other one waits until the frozen session is over, and its transaction, if one is open, aborted by the broker.
          await scene.settled()
          zombie.go()
          zombie.signal('SIGCONT')
          await scene.append(3, 5)
          await sleep(afterMs + 2_000)
          await scene.append(5)
          await scene.expectSame(expected)
        }))
})

describe.concurrent('one that was held up', () => {
  test('M10 for longer than a transaction may take, and was missed by nobody', () =>
    inScene(kafka.brokers, async (scene) => {
      await scene.append(0, 3)
      const held = scene.start(0, { stop: { step: 'commitTransaction', group: 'energy' } })
      await held.says('stopped')
      held.signal('SIGSTOP')
      await sleep(PAUSE_MS)
      held.go()
      held.signal('SIGCONT')
      await scene.append(3)
      // Whether it goes on or gives up is Kafka's to say; who gives up is started again.
      held.says('ended').then(
        () => scene.start(0),
        () => {}
      )
      await scene.expectSame(expected)
    }))

  test('M11 while its transaction is open another joins the group', () =>
    inScene(kafka.brokers, async (scene) => {
      const group = scene.named('energy')
      const admin = await new Clients({ brokers: kafka.brokers }).admin()
      await scene.append(0, 3)
      const first = scene.start(0, { stop: { step: 'commitTransaction', group: 'energy' } })
      await first.says('stopped')
      scene.start(1)
      const members = async () => (await admin.describeGroups([group])).groups[0].members.length
      await until(async () => expect(await members()).toBe(2), 60_000)
      first.go()
      await scene.append(3)
      await scene.expectSame(expected)
      await admin.disconnect()
    }))

  test('M12 by another of its slot: the first one ends and says why', () =>
    inScene(kafka.brokers, async (scene) => {
      await scene.append(0, 2)
      const first = scene.start(0)
      await scene.settled()
      scene.start(0)
      await scene.append(2, 4)
      expect(await first.says('ended')).toMatch(/another process has the same slot/)
      await first.ended
      await scene.append(4)
      await scene.expectSame(expected)
    }))
})
