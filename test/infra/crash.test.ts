import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openArchive } from '../../infra/archive.js'
import { type Embedded, openEmbedded } from '../../infra/lmdb/open.js'
import type { LogRecord } from '../../infra/log.js'

const child = (name: string): string => new URL(`./children/${name}.mjs`, import.meta.url).pathname

let folder: string
beforeAll(() => {
  if (!existsSync(new URL('../../dist/infra/lmdb/open.js', import.meta.url)))
    throw new Error('The child processes run what is built: npx tsc -b')
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-crash-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const opened = async <T>(work: (embedded: Embedded) => Promise<T>): Promise<T> => {
  const embedded = await openEmbedded(folder)
  try {
    return await work(embedded)
  } finally {
    await embedded.close()
  }
}

const contents = async ({ log }: Embedded, topic: string): Promise<LogRecord[]> => {
  const total = (await log.ends([topic])).get(topic)!.reduce((sum, end) => sum + end, 0)
  const found: LogRecord[] = []
  const done = new AbortController()
  if (total === 0) return found
  for await (const records of log.tail(topic, [], done.signal)) {
    found.push(...records)
    if (found.length >= total) done.abort()
  }
  return found
}

const byKey = (records: readonly LogRecord[]): Map<string, number[]> => {
  const numbers = new Map<string, number[]>()
  for (const { key, value } of records) numbers.set(key, [...(numbers.get(key) ?? []), Number.parseInt(String(value), 10)])
  return numbers
}

/** Runs a child, kills it a moment after its first word, and answers with what it said. */
const killed = async (name: string): Promise<string> => {
  const running = spawn(process.execPath, [child(name), folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  running.stdout.on('data', (text) => {
    said += text
  })
  const ended = new Promise((resolve) => running.on('close', resolve))
  while (said.length === 0 && running.exitCode === null) await sleep(1)
  await sleep(Math.random() * 150)
  running.kill('SIGKILL')
  await ended
  return said
}

describe('kill -9', () => {
  const rounds = process.env.WATTLEDGER_LONG ? 200 : 10

  test(`at random moments, ${rounds} times: what was acknowledged is there, and every record counts once`, async () => {
    const acknowledged: number[] = []
    for (let round = 0; round < rounds; round++) {
      // The last line may have been cut by the kill.
      acknowledged.push(...(await killed('counting')).split('\n').slice(0, -1).map(Number))
    }
    await opened(async (embedded) => {
      const { log } = embedded
      const stored = (await contents(embedded, 'in')).map(({ value }) => Number(value)).sort((a, b) => a - b)
      expect(stored).toEqual(stored.map((_, i) => i))
      expect(stored.length).toBeGreaterThanOrEqual(acknowledged.length)
      expect(acknowledged.every((number) => number < stored.length)).toBe(true)
      const held = new Map<string, number>()
      const run = log.process('count', ['in'], {
        assign(_, states) {
          for (const [key, state] of states) held.set(key, Number(state))
        },
        batch(_, records) {
          const outputs = records.map(({ key }) => {
            held.set(key, (held.get(key) ?? 0) + 1)
            return { topic: 'out', key, value: Buffer.from(String(held.get(key))) }
          })
          return { outputs, states: new Map() }
        }
      })
      await run.drained()
      const counts = byKey(await contents(embedded, 'out'))
      expect([...counts.values()].reduce((sum, numbers) => sum + numbers.length, 0)).toBe(stored.length)
      for (const numbers of counts.values()) expect(numbers).toEqual(numbers.map((_, i) => i + 1))
    })
  }, 600_000)

  test(`while payloads are packed, ${rounds} times: those that were acknowledged are whole, and each is listed once`, async () => {
    const acknowledged: string[] = []
    for (let round = 0; round < rounds; round++) acknowledged.push(...(await killed('packing')).split('\n').slice(0, -1))
    const archive = await openArchive(folder)
    const listed: string[] = []
    for await (const { origin, name } of archive.list()) {
      listed.push(name)
      for await (const _ of archive.open(origin));
    }
    expect(acknowledged.length).toBeGreaterThan(0)
    expect(acknowledged.filter((name) => !listed.includes(name))).toEqual([])
    expect(new Set(listed).size).toBe(listed.length)
    await archive.close()
  }, 600_000)

  test(`while records move to segment files, ${rounds} times: none is lost, none is there twice`, async () => {
    for (let round = 0; round < rounds; round++) await killed('archiving')
    await opened(async (embedded) => {
      const numbers = (await contents(embedded, 'in')).map(({ value }) => Number(value)).sort((a, b) => a - b)
      expect(numbers.length).toBeGreaterThan(0)
      expect(numbers).toEqual(numbers.map((_, i) => i))
    })
  }, 600_000)
})

describe('a full disk', () => {
  /** Runs a child that may write files of so many KiB and no more, as `ulimit -f` sets it; Node ignores SIGXFSZ, so writes give EFBIG. */
  const limited = (kib: number, ...args: string[]): Promise<string[]> =>
    new Promise((resolve) => {
      const running = spawn('bash', ['-c', `ulimit -f ${kib}; exec "$0" "$@"`, process.execPath, child('filling'), folder, ...args], {
        stdio: ['ignore', 'pipe', 'ignore']
      })
      let said = ''
      running.stdout.on('data', (text) => {
        said += text
      })
      running.on('close', () => resolve(said.split('\n').slice(0, -1)))
    })

  test('is said as such, loses nothing acknowledged, acknowledges nothing lost; with room, it goes on', async () => {
    const lines = await limited(3000)
    const stored = lines.filter((line) => line.startsWith('stored')).length
    const failures = lines.filter((line) => line.startsWith('failed'))
    expect(stored).toBeGreaterThan(30)
    expect(failures.length).toBe(3)
    for (const failure of failures) expect(failure).toMatch(/^failed DiskFull: The data folder .* cannot be written .* free some space/)
    expect(lines.slice(-2)).toEqual(['small', 'closed'])
    await opened(async (embedded) => {
      expect((await contents(embedded, 'in')).length).toBe(stored)
      await embedded.log.append('in', [{ key: 'k', value: Buffer.alloc(1_000_000) }])
      expect((await embedded.store.latest()).length).toBe(1)
    })
  })

  test('ends a group with the same sentence, and nothing half done', async () => {
    await opened(async ({ log }) => {
      await log.create(['in', 'out'])
      for (let i = 0; i < 100; i++)
        await log.append('in', [{ key: `k${i % 23}`, value: Buffer.concat([Buffer.from(`${i} `), randomBytes(20_000)]) }])
    })
    const lines = await limited(3000, 'copy')
    expect(lines[0]).toMatch(/^failed DiskFull: /)
    await opened(async (embedded) => {
      const { log } = embedded
      const copied = (await contents(embedded, 'out')).length
      const committed = ((await log.committed('copy')).get('in') ?? []).reduce((sum, offset) => sum + offset, 0)
      expect(copied).toBe(committed)
      const run = log.process('copy', ['in'], {
        batch: (_, records) => ({ outputs: records.map(({ key, value }) => ({ topic: 'out', key, value })), states: new Map() })
      })
      await run.drained()
      expect(byKey(await contents(embedded, 'out'))).toEqual(byKey(await contents(embedded, 'in')))
    })
  })

  test('keeps nothing of a payload that does not fit, and says so', async () => {
    const lines = await limited(3000, 'raw')
    expect(lines[0]).toMatch(/^failed DiskFull: The raw archive .* is full: 10000000 bytes was not kept/)
    expect(lines[1]).toBe('small')
    const names: string[] = []
    for await (const { name } of (await openArchive(folder)).list()) names.push(name)
    expect(names).toEqual(['1000 bytes'])
    expect(readdirSync(join(folder, 'raw', 'unfinished'))).toEqual([])
  })

  test('keeps nothing of what does not fit among packed ones, and what does behind it', async () => {
    const lines = await limited(3000, 'packed')
    const failed = lines.filter((line) => line.startsWith('failed'))
    expect(failed.length).toBeGreaterThan(3)
    expect(failed[0]).toMatch(/^failed DiskFull: The raw archive .* is full: large \d+ was not kept/)
    expect(lines.at(-1)).toBe('small')
    const archive = await openArchive(folder)
    const names: string[] = []
    for await (const { name, origin } of archive.list()) {
      names.push(name)
      for await (const _ of archive.open(origin));
    }
    expect(names.sort()).toEqual(lines.filter((line) => !line.startsWith('failed')).sort())
    await archive.close()
  })
})
