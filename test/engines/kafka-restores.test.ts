import { afterAll, beforeAll, test } from 'vitest'
import type { Cluster } from '../../infra/local/kafka.js'
import { kafkaForTest } from './kafka.js'
import { inScene, undisturbedRounds } from './scene.js'
import type { Outcome } from './undisturbed.js'

/** The failure matrix, rows 6 to 8: what a process had in memory is lost, and its disk never had any of it. */
let kafka: Cluster
let expected: Outcome
beforeAll(async () => {
  ;[kafka, expected] = await Promise.all([kafkaForTest(), undisturbedRounds()])
})
afterAll(() => kafka.close())

test('M6 restored from the changelog', () =>
  inScene(kafka.brokers, async (scene) => {
    for (const [from, to] of [
      [0, 2],
      [2, 4],
      [4, 6]
    ]) {
      await scene.append(from, to)
      const process = scene.start(0)
      await scene.settled()
      await process.kill()
    }
    await scene.expectSame(expected)
  }))

test('M7 restored from an empty changelog, and killed half-way through one', () =>
  inScene(kafka.brokers, async (scene) => {
    await scene.append(0, 3)
    // Nothing of it was ever committed.
    const first = scene.start(0, { stop: { step: 'sendOffsetsToTransaction', group: 'energy' } })
    await first.says('stopped')
    await first.kill()
    const second = scene.start(0)
    await scene.settled()
    await second.kill()
    await scene.append(3)
    for (const group of ['energy', 'loadcurve'] as const) {
      const restoring = scene.start(0, { stop: { step: 'restore', group } })
      await restoring.says('stopped')
      await restoring.kill()
    }
    scene.start(0)
    await scene.expectSame(expected)
  }))

test('M8 on another host: it does not come back, and another slot takes its tasks with their states', () =>
  inScene(kafka.brokers, async (scene) => {
    await scene.append(0, 3)
    const first = scene.start(0, { sessionTimeoutMs: 3_000 })
    await scene.settled()
    await first.kill()
    await scene.append(3)
    scene.start(1)
    await scene.expectSame(expected)
  }))
