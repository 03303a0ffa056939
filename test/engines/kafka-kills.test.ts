import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openEmbedded } from '../../infra/lmdb/open.js'
import type { Cluster } from '../../infra/local/kafka.js'
import { ledgerHash } from '../../processors/verify.js'
import { kafkaForTest } from './kafka.js'
import { lateOf, roundsOf, wireForTest } from './readings.js'
import { inScene, type Stop, undisturbedRounds } from './scene.js'
import { type Outcome, undisturbed } from './undisturbed.js'

/** The failure matrix, rows 1, 2, 3, 5 and 14: a process is killed between two steps of the loop. Row 4: kafka-replies.test.ts. */
let kafka: Cluster
let expected: Outcome
beforeAll(async () => {
  ;[kafka, expected] = await Promise.all([kafkaForTest(), undisturbedRounds()])
})
afterAll(() => kafka.close())

/** Half of the input is committed; in the other half each fold dies at the step, one after the other, and the same slot comes back. */
const dieAt = (step: Stop['step']) => () =>
  inScene(kafka.brokers, async (scene) => {
    await scene.append(0, 3)
    const first = scene.start(0)
    await scene.settled()
    await first.kill()
    await scene.append(3)
    for (const group of ['energy', 'loadcurve'] as const) {
      const dying = scene.start(0, { stop: { step, group } })
      await dying.says('stopped')
      await dying.kill()
    }
    scene.start(0)
    await scene.expectSame(expected)
  })

describe('killed', () => {
  test('M1 before the transaction begins', dieAt('beginTransaction'))
  test('M2 after its outputs and states were produced', dieAt('sendOffsetsToTransaction'))
  test('M3 after its offsets were sent', dieAt('commitTransaction'))
  test('M5 when it is committed, before the process takes note', dieAt('committed'))
})

describe('with a store, and history that is folded again', () => {
  let folder: string
  let withLate: Outcome
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wattledger-kills-'))
    withLate = await undisturbed((wire) => [{ records: roundsOf(wire, 0) }, { records: [lateOf(wire)] }])
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('M14 killed when the store has the rows and the log does not know it; then at each step of an answer', () =>
    inScene(kafka.brokers, async (scene) => {
      const die = async (stop: Stop) => {
        const dying = scene.start(0, { folder, stop })
        await dying.says('stopped')
        await dying.kill()
      }
      await scene.append(0)
      await die({ step: 'beginTransaction', group: 'store' })
      const second = scene.start(0, { folder })
      await scene.stored()
      await second.kill()
      await scene.send([lateOf(await wireForTest())])
      // The first transaction takes the late readings in; the answer is the next, and nobody may have begun it twice.
      await die({ step: 'beginTransaction', group: 'energy', passes: 1 })
      await die({ step: 'commitTransaction', group: 'energy' })
      await die({ step: 'committed', group: 'energy' })
      const last = scene.start(0, { folder })
      await scene.expectSame(withLate)
      await scene.stored()
      last.signal('SIGTERM')
      await last.ended
      const { store, close } = await openEmbedded(folder)
      expect(await ledgerHash(store)).toEqual(withLate.days)
      await close()
    }))
})
