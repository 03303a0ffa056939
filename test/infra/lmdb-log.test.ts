import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Refused } from '../../infra/errors.js'
import { type Environment, openEnvironment } from '../../infra/lmdb/env.js'
import { LmdbLog } from '../../infra/lmdb/log.js'
import { logContract } from '../contracts/log.js'

describe('the log on LMDB', () => {
  logContract(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wattledger-log-'))
    let env = openEnvironment(folder)
    let log = await LmdbLog.open(env)
    const close = async () => {
      await log.close()
      await env.close()
    }
    return {
      log,
      rebalance: (group) => log.interrupt(group),
      async reopen() {
        await close()
        env = openEnvironment(folder)
        log = await LmdbLog.open(env)
        return log
      },
      async close() {
        await close()
        rmSync(folder, { recursive: true })
      }
    }
  })
})

describe('a data folder', () => {
  let folder: string
  let env: Environment
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wattledger-folder-'))
    env = openEnvironment(folder)
  })
  afterEach(async () => {
    await env.close()
    rmSync(folder, { recursive: true })
  })

  test('keeps its number of partitions', async () => {
    expect((await LmdbLog.open(env, { partitions: 6 })).partitions).toBe(6)
    expect((await LmdbLog.open(env)).partitions).toBe(6)
    await expect(LmdbLog.open(env, { partitions: 4 })).rejects.toThrow('has 6 partitions, and the settings ask for 4')
  })

  test('refuses records for a topic or partition that is not there, and stores nothing of the call', async () => {
    const log = await LmdbLog.open(env)
    await log.create(['in'])
    await expect(log.append('inn', [{ key: 'k', value: null }])).rejects.toThrow(Refused)
    await expect(
      log.append('in', [
        { key: 'k', value: null },
        { key: 'k', value: null, partition: 4 }
      ])
    ).rejects.toThrow('partitions 0 to 3')
    expect(() => log.process('g', ['inn'], { batch: () => ({ outputs: [], states: new Map() }) })).toThrow('no topic "inn"')
    expect((await log.ends(['in'])).get('in')).toEqual([0, 0, 0, 0])
  })

  test('one write that throws is its own trouble, not that of those it shares a commit with', async () => {
    const table = env.table('test')
    const put = (name: string) => env.write(() => table.put(Buffer.from(name), Buffer.from(name)))
    const results = await Promise.allSettled([
      put('a'),
      env.write(() => {
        table.put(Buffer.from('half'), Buffer.from('x'))
        throw new Error('a bug')
      }),
      put('b')
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect([...table.getKeys()].map(String)).toEqual(['a', 'b'])
  })

  test('writes that wait share a commit', async () => {
    const table = env.table('test')
    const commits = () => (table.getStats() as { lastTxnId: number }).lastTxnId
    const before = commits()
    await Promise.all(Array.from({ length: 500 }, (_, i) => env.write(() => table.put(Buffer.from(`k${i}`), Buffer.from('x')))))
    expect(commits() - before).toBeLessThan(20)
  })

  test('says by topic how much there is and since when', async () => {
    const log = await LmdbLog.open(env)
    await log.create(['in', 'empty'])
    const before = Date.now()
    await log.append('in', [
      { key: 'key', value: Buffer.alloc(10) },
      { key: 'key', value: null }
    ])
    const [full, empty] = await log.status()
    expect(full).toEqual({ topic: 'in', records: 2, bytes: 16, oldestAt: expect.any(Number), segments: 0, segmentBytes: 0 })
    expect(full.oldestAt).toBeGreaterThanOrEqual(before)
    expect(empty).toEqual({ topic: 'empty', records: 0, bytes: 0, oldestAt: null, segments: 0, segmentBytes: 0 })
  })
})
