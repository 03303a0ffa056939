import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cluster } from '../../infra/local/kafka.js'
import { Topics } from '../../schemas/topics.js'
import { contents } from './counted.js'
import { kafkaForTest } from './kafka.js'
import { notFoldable, notRecords } from './poison.js'
import { wireForTest } from './readings.js'
import { inScene, undisturbedRounds } from './scene.js'
import type { Outcome } from './undisturbed.js'

/** The failure matrix, row 13; test/processors/poison.test.ts has every topic. */
let kafka: Cluster
let expected: Outcome
beforeAll(async () => {
  ;[kafka, expected] = await Promise.all([kafkaForTest(), undisturbedRounds()])
})
afterAll(() => kafka.close())

test('M13 bad records are set aside in the transaction of their neighbours: once, whoever dies', () =>
  inScene(kafka.brokers, async (scene) => {
    const wire = await wireForTest()
    await scene.append(0, 3)
    await scene.send([...notRecords(wire), notFoldable(wire)])
    await scene.append(3)
    for (const step of ['sendOffsetsToTransaction', 'commitTransaction', 'committed'] as const) {
      const dying = scene.start(0, { stop: { step, group: 'energy' } })
      await dying.says('stopped')
      await dying.kill()
    }
    await scene.send([{ key: 'test/01', value: Buffer.from('{"kWh": 1}') }], Topics.intervals)
    scene.start(0)
    await scene.expectSame(expected)
    const rejected = await contents(scene.log, scene.named(Topics.rejected))
    const reasons = rejected
      .map(({ value }) => wire.decode('Reject', value!))
      .map(({ reason, origin }) => `${reason} ${origin.split('/')[0]}`)
    expect(reasons.sort()).toEqual([
      'not-a-record energy.intervals',
      ...Array.from({ length: 5 }, () => 'not-a-record readings.test'),
      'not-foldable readings.test'
    ])
  }))
