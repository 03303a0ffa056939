import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createMetrics } from '../../api/metrics.js'
import { openEmbedded } from '../../infra/lmdb/open.js'

test('lag is what a group has not committed, in records, and how long ago it heard from producers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-metrics-'))
  const { log, store, close } = await openEmbedded(folder)
  await log.create(['one', 'two'])
  for (const topic of ['one', 'two']) await log.append(topic, [{ key: 'a', value: Buffer.from('1') }])
  const groups = [
    { group: 'fold', topics: ['one', 'two'], heardAt: () => Date.now() - 5000, waiting: () => 3 },
    { group: 'idle', topics: ['one'], heardAt: () => null }
  ]
  const { registry } = createMetrics(store, log, groups)
  const values = async (name: string) => {
    const metric = (await registry.getMetricsAsJSON()).find((each) => each.name === name)
    return Object.fromEntries(metric!.values.map(({ labels, value }) => [labels.group, value]))
  }
  expect(await values('wattledger_lag_records')).toEqual({ fold: 2, idle: 1 })
  const { fold, ...others } = await values('wattledger_lag_seconds')
  expect(others).toEqual({})
  expect(Math.round(fold)).toBe(5)
  expect(await values('wattledger_refolds_waiting')).toEqual({ fold: 3 })

  const processing = log.process('fold', ['one', 'two'], { batch: () => ({ outputs: [], states: new Map() }) })
  await processing.drained()
  expect(await values('wattledger_lag_records')).toEqual({ fold: 0, idle: 1 })
  await log.append('two', [{ key: 'b', value: Buffer.from('2') }])
  await processing.drained()
  await processing.stop()
  await log.append('two', [{ key: 'c', value: Buffer.from('3') }])
  expect(await values('wattledger_lag_records')).toEqual({ fold: 1, idle: 1 })
  await close()
  rmSync(folder, { recursive: true })
})

test('a commit is told by group, a delay by table; while the store is away the rest is told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-metrics-'))
  const { log, store, close } = await openEmbedded(folder)
  await log.create(['one'])
  const away = { counts: () => Promise.reject(new Error('It is away.')), sizes: () => store.sizes() }
  const { registry, stored } = createMetrics(away, log)
  await log.append('one', [{ key: 'a', value: Buffer.from('1') }])
  const processing = log.process('fold', ['one'], { batch: () => ({ outputs: [], states: new Map() }) })
  await processing.drained()
  await processing.stop()
  stored('readings', 1500)
  const text = await registry.metrics()
  expect(text).toContain('wattledger_commit_seconds_count{group="fold"} 1')
  expect(text).toContain('wattledger_delay_seconds_sum{table="readings"} 1.5')
  expect(text).toContain('wattledger_store_bytes{table=')
  expect(text).not.toContain('wattledger_rejects{')
  await close()
  rmSync(folder, { recursive: true })
})
