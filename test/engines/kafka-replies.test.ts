import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cluster } from '../../infra/local/kafka.js'
import { kafkaOnLine } from './line.js'
import { inScene, undisturbedRounds } from './scene.js'
import type { Outcome } from './undisturbed.js'

/** The failure matrix, row 4: a commit reaches the broker, and its reply nobody. Or the broker, out of patience, had aborted before it came. */
const END_TRANSACTION = 26

let kafka: Cluster
let expected: Outcome
/** Whose next commit is not answered; null: nobody's. */
let victim: string | null = null
let aborts = false
let lost = 0
beforeAll(async () => {
  const tapped = kafkaOnLine({
    request(api, request) {
      if (aborts && victim !== null && api === END_TRANSACTION && request.includes(victim)) request[request.length - 1] = 0
    },
    answer(api, request) {
      if (victim === null || api !== END_TRANSACTION || !request.includes(victim)) return true
      victim = null
      lost++
      return false
    }
  })
  ;[kafka, expected] = await Promise.all([tapped, undisturbedRounds()])
})
afterAll(() => kafka.close())

for (const [how, dies, aborted] of [
  ['it asks again, and goes on', false, false],
  ['it is killed, and comes back', true, false],
  ['the transaction was aborted, it folds again, and goes on', false, true]
] as const)
  test(`M4 the reply to a commit is lost: ${how}`, () =>
    inScene(kafka.brokers, async (scene) => {
      aborts = aborted
      await scene.append(0, 3)
      const first = scene.start(0, { stop: { step: 'commitTransaction', group: 'energy' } })
      await first.says('stopped')
      const before = lost
      victim = `${scene.named('energy')}.0`
      first.go()
      await expect.poll(() => lost, { timeout: 60_000, interval: 1 }).toBe(before + 1)
      if (dies) {
        await first.kill()
        scene.start(0)
      }
      await scene.append(3)
      await scene.expectSame(expected)
    }))
