import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openEmbedded } from '../../infra/lmdb/open.js'
import type { Source } from '../../producers/contract.js'
import { infoenergia } from '../../producers/infoenergia/source.js'
import { openMemory } from '../../producers/memory.js'
import { redrive } from '../../producers/redrive.js'
import { ingest, type ProducerRooms } from '../../producers/run.js'
import { allTopics } from '../../schemas/topics.js'
import { run, start } from './child.js'
import { cupsOf, curveLine, DAY, f5d, HOUR, hours, p5d, random, utc } from './files.js'
import { digestOf, type Given, type Json, openWhole, temporary, type Whole, withWhole } from './platform.js'

/** What was rejected is read again: shown first, then done; however often, and whatever ends it half-way. */
const FROM = utc('2024-05-01T22:00Z')
const HOME = cupsOf(77)
const OTHER = cupsOf(78)
const days = hours(FROM, FROM + 3 * DAY, (_, i) => 100 + i)
const RIGHT = f5d('F5D_0291_0762_20240601.0', HOME, days)
const WRONG: Given = { ...RIGHT, name: 'inbox/may report.csv' }
const PROVISIONAL = p5d(
  'P5D_0291_0762_20240505.0',
  HOME,
  days.slice(0, 24).map((hour) => ({ ...hour, wh: hour.wh + 7 }))
)
const sumOf = (list: readonly { wh: number }[]): number => list.reduce((sum, { wh }) => sum + wh * 1000, 0)

let whole: Whole
beforeEach(async () => {
  whole = await openWhole()
})
afterEach(() => whole.close())

const ask = async (wanted: Json): Promise<Json> => {
  const { status, body } = await whole.send('POST', '/v1/rejects/redrive', JSON.stringify(wanted), { 'content-type': 'application/json' })
  if (status !== 200) throw new Error(`${status}: ${body}`)
  return JSON.parse(body)
}
const rejects = async (): Promise<Json[]> => (await whole.ask('/v1/rejects')).rejects

describe('a file that came under a wrong name', () => {
  test('a dry run shows the kWh of each day that would change, and changes nothing', async () => {
    await whole.take(PROVISIONAL, WRONG, f5d('F5D_other_20240601.0', OTHER, days))
    const before = [await whole.hash(), await rejects()]
    const done = await ask({ file: 'may report.csv', as: RIGHT.name })
    expect(done.files).toEqual([
      expect.objectContaining({
        name: RIGHT.name,
        source: 'infoenergia',
        outcome: 'read',
        attempts: 1,
        rejects: 1,
        left: 0,
        readings: 72 * 1
      })
    ])
    const import180 = done.days.filter(({ register }: Json) => register === '1.8.0')
    expect(import180.map(({ point, day, before, after, changeKwh }: Json) => [point, day, before, after, changeKwh])).toEqual([
      [HOME, '2024-05-04', null, sumOf(days.slice(48)), '3.828000'],
      [HOME, '2024-05-03', null, sumOf(days.slice(24, 48)), '3.252000'],
      [HOME, '2024-05-02', sumOf(days.slice(0, 24)) + 24 * 7000, sumOf(days.slice(0, 24)), '-0.168000']
    ])
    expect([await whole.hash(), await rejects()]).toEqual(before)
    const listed = []
    for await (const { name } of (await openRaw()).list()) listed.push(name)
    expect(listed).not.toContain(RIGHT.name)
  })

  /** The archive of the open platform, read beside it. */
  const openRaw = async () => (await import('../../infra/archive.js')).openArchive(whole.folder)

  test('applied, it is the ledger of the right name; once more is nothing; reparse and replay find the same', async () => {
    await whole.take(PROVISIONAL, WRONG)
    const done = await ask({ file: 'may report.csv', as: RIGHT.name, apply: true })
    expect(done).toMatchObject({ applied: true, files: [{ outcome: 'read', left: 0 }] })
    const hash = await whole.hash()
    expect(hash).toBe(
      await withWhole(async (other) => {
        await other.take(PROVISIONAL, RIGHT)
        return other.hash()
      })
    )
    expect([await rejects(), (await whole.ask('/v1/rejects/counts')).counts]).toEqual([[], []])
    expect((await ask({ apply: true })).files).toEqual([])
    expect(await whole.hash()).toBe(hash)
    const reparsed = JSON.parse((await whole.send('POST', '/v1/reparse')).body)
    expect([reparsed.files, await whole.hash(), await rejects()]).toEqual([3, hash, []])
    expect(JSON.parse((await whole.send('POST', '/v1/replay/verify')).body).differences).toEqual([])
  })

  test('without a name no source knows it; a name is for one file; none is for nobody', async () => {
    await whole.take(WRONG, { name: 'other.csv', bytes: 'x' })
    expect((await ask({ apply: true })).files.map(({ outcome, left }: Json) => [outcome, left])).toEqual([
      ['not-recognised', 1],
      ['not-recognised', 1]
    ])
    expect((await rejects()).length).toBe(2)
    await expect(ask({ as: RIGHT.name })).rejects.toThrow(/400.*as: say which file/)
    await expect(ask({ file: 'nothing.csv', as: RIGHT.name })).rejects.toThrow(/400.*nothing is rejected/)
    const reader = {
      authorization: `Bearer ${JSON.parse((await whole.send('POST', '/v1/access', JSON.stringify({ name: 'r', role: 'reader', grants: [{ point: '*', from: null, to: null }] }), { 'content-type': 'application/json' })).body).token}`
    }
    expect((await whole.send('GET', '/v1/rejects/inspect?file=other.csv', undefined, reader)).status).toBe(403)
  })
})

describe('lines that stay rejected', () => {
  const bad = { name: 'F5D_bad_20240601.0', bytes: [curveLine(HOME, days[0]), 'no;line\u001b[2J', curveLine(HOME, days[2])].join('\r\n') }

  test('are tried once by each parser, and once more when somebody says so', async () => {
    await whole.take(bad)
    const hash = await whole.hash()
    const go = async (wanted: Json) => {
      const { files } = await ask({ apply: true, ...wanted })
      return files.map(({ outcome, attempts, left }: Json) => [outcome, attempts, left])
    }
    expect(await go({})).toEqual([['read', 1, 1]])
    expect(await go({})).toEqual([['tried', 1, 1]])
    expect(await go({ again: true })).toEqual([['read', 2, 1]])
    expect([await whole.hash(), (await rejects()).length]).toEqual([hash, 1])
    const [inspected] = (await whole.ask('/v1/rejects/inspect', { file: bad.name })).rejects
    expect(inspected).toMatchObject({
      line: 2,
      attempts: 2,
      raw: {
        member: null,
        lines: [
          { line: 1, text: expect.stringContaining(HOME), rejected: false },
          // What would work a terminal does not reach one.
          { line: 2, text: 'no;line·[2J·', rejected: true },
          { line: 3, rejected: false }
        ]
      }
    })
  })

  test('two empty files are two rejects', async () => {
    await whole.take({ name: 'F5D_a_20240601.0', bytes: '' }, { name: 'F5D_b_20240601.0', bytes: '' })
    expect((await rejects()).map(({ name, reason }) => [name, reason]).sort()).toEqual([
      ['F5D_a_20240601.0', 'empty-file'],
      ['F5D_b_20240601.0', 'empty-file']
    ])
  })
})

describe('a parser that was mended since', () => {
  /** The parser of yesterday: it rejected every file. */
  const broken: Source = {
    ...infoenergia,
    parserVersion: 0,
    async *parse({ origin, name, receivedAt: ingestedAt }) {
      const about = { source: infoenergia.name, origin, name, line: 1, field: 'cups', expected: '', found: '', advice: '' }
      yield { readings: [], rejects: [{ ...about, reason: 'unknown-curve', ingestedAt, parserVersion: 0 }], rows: 1 }
    }
  }
  const FILES = Array.from({ length: 24 }, (_, i) =>
    f5d(
      `F5D_${i}_20240601.0`,
      cupsOf(300 + (i % 6)),
      hours(FROM + i * DAY, FROM + (i + 20) * DAY, (at) => ((at / HOUR) * 37 + i) % 900)
    )
  )
  let folder: string
  let undisturbed: string
  beforeAll(async () => {
    folder = temporary()
    undisturbed = await withWhole(async (other) => {
      await other.take(...FILES)
      return other.hash()
    })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** The producers of a folder that nobody holds, with one source. */
  const withRooms = async (source: Source, data: string, work: (rooms: ProducerRooms) => Promise<void>): Promise<void> => {
    mkdirSync(data, { recursive: true })
    const { log, store, wire, archive, close } = await openEmbedded(data)
    const stopping = new AbortController()
    await log.create(allTopics([source.name, 'flukso']))
    const memory = await openMemory(log, stopping.signal)
    try {
      await work({ log, store, wire, archive, sources: [source], resolve: (native: string) => native, memory })
    } finally {
      stopping.abort()
      await close()
    }
  }
  const rejectedBy = (source: Source, data: string, files = FILES): Promise<void> =>
    withRooms(source, data, async (rooms) => {
      for (const { name, bytes } of files) await ingest(rooms, Readable.from([Buffer.from(bytes)]), name, Date.now())
    })
  const hashOf = async (data: string): Promise<string> => {
    const other = await openWhole(data)
    try {
      return digestOf(await other.platform.hash())
    } finally {
      await other.platform.close()
    }
  }

  // Each file is five writes: a note, its readings, its reject resolved, and two notes; with the third it is done.
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('broken off at write %i, it goes on where it was', async (last) => {
    const data = join(folder, `broken-${last}`)
    const few = FILES.slice(0, 3)
    await rejectedBy(broken, data, few)
    // The store takes in what was rejected.
    const first = await openWhole(data)
    await first.platform.settle()
    await first.platform.close()
    let writes = 0
    await withRooms(infoenergia, data, async (rooms) => {
      const append: ProducerRooms['log']['append'] = async (topic, records) => {
        if (++writes > last) throw new Error('broken off')
        return rooms.log.append(topic, records)
      }
      const put: ProducerRooms['memory']['put'] = async (key, value) => {
        if (++writes > last) throw new Error('broken off')
        return rooms.memory.put(key, value)
      }
      const log = new Proxy(rooms.log, {
        get: (of, name) => (name === 'append' ? append : (Reflect.get(of, name).bind?.(of) ?? Reflect.get(of, name)))
      })
      const reading = async () => {
        for await (const { left } of redrive({ ...rooms, log, memory: { get: rooms.memory.get, put } }, {})) expect(left).toBe(0)
      }
      await expect(reading()).rejects.toThrow('broken off')
    })
    const other = await openWhole(data)
    try {
      const done = await other.send('POST', '/v1/rejects/redrive', '{"apply":true}', { 'content-type': 'application/json' })
      expect([done.status, JSON.parse(done.body).files.length]).toEqual([200, last < 3 ? 3 : last < 8 ? 2 : 1])
      expect([await other.hash(), (await other.ask('/v1/rejects')).rejects]).toEqual([
        await withWhole(async (right) => {
          await right.take(...few)
          return right.hash()
        }),
        []
      ])
    } finally {
      await other.close()
    }
  })

  test('redrive, killed again and again, ends in the undisturbed ledger; twice equals once', async () => {
    const began = performance.now()
    await rejectedBy(broken, join(folder, 'timed'))
    expect((await run(['rejects', 'redrive', '--apply', '--data', join(folder, 'timed')])).code).toBe(0)
    const takesMs = performance.now() - began
    const data = join(folder, 'killed')
    await rejectedBy(broken, data)
    const next = random(Date.now())
    let kills = 0
    for (;;) {
      const running = start(['rejects', 'redrive', '--apply', '--json', '--data', data])
      // Mostly while it reads: starting takes a good part of the time.
      if (kills < 6) await Promise.race([running.ended, sleep(takesMs * (0.4 + 0.6 * next()))])
      if (kills < 6 && running.process.exitCode === null) running.process.kill('SIGKILL')
      const { code, signal, stderr, objects } = await running.ended
      if (signal === 'SIGKILL') {
        kills++
        continue
      }
      expect([code, stderr]).toEqual([0, ''])
      expect(objects[0].files.every(({ left }: Json) => left === 0)).toBe(true)
      break
    }
    expect(await hashOf(data)).toBe(undisturbed)
    const again = await run(['rejects', 'redrive', '--apply', '--data', data])
    expect([again.code, again.stdout]).toEqual([0, 'Nothing that is rejected fits.\n'])
    expect(await hashOf(data)).toBe(undisturbed)
  }, 500_000)

  test('on the command line: list, inspect, a dry run with the sum, then applied', async () => {
    const data = join(folder, 'walked')
    await rejectedBy(broken, data)
    const go = (...args: string[]) => run(['rejects', ...args, '--data', data])
    expect((await go('--limit', '3', '--json')).objects.length).toBe(3)
    expect((await go('list', '--reason', 'unknown-curve')).stdout).toMatch(/unknown-curve +24/)
    const inspected = await go('inspect', FILES[3].name, '--line', '1')
    expect(inspected.stdout).toMatch(/F5D_3_20240601\.0:1 cups: unknown-curve.*> +1 {2}ES0291/s)
    expect((await go('inspect', 'none')).stderr).toMatch(/Nothing of "none" is rejected now/)
    const dry = await go('redrive')
    expect([dry.code, dry.stdout]).toEqual([
      0,
      expect.stringMatching(/days would change by \d+\.\d+ kWh in all\.\n\nNothing was changed: --apply does it\.\n$/)
    ])
    expect((await go('--json')).objects.length).toBe(24)
    expect((await go('redrive', '--apply')).stdout).toMatch(/Done\.\n$/)
    expect((await go()).stdout).toBe('Nothing was rejected.\n')
    expect(await hashOf(data)).toBe(undisturbed)
  }, 300_000)
})

test('export from the command line: whole files, of every format, from a folder that nobody holds', async () => {
  const data = temporary()
  const input = temporary()
  try {
    writeFileSync(join(input, RIGHT.name), RIGHT.bytes)
    expect((await run(['import', '--data', data, input])).code).toBe(0)
    const go = (...args: string[]) =>
      run(['export', '--points', HOME, '--from', '2024-05-02', '--to', '2024-05-05', '--data', data, ...args], { cwd: input })
    const csv = await go()
    expect([csv.code, csv.stdout.trimEnd().split('\n').at(-1)]).toEqual([0, expect.stringMatching(/^#end,\d+,/)])
    expect(csv.stderr).toMatch(/lines, .* bytes in/)
    for (const name of ['may.jsonl', 'may.parquet', 'may.csv']) {
      const { code, stdout } = await go('--grid', 'P1D', '--out', name)
      expect([name, code, stdout]).toEqual([name, 0, ''])
    }
    const { readFileSync, readdirSync } = await import('node:fs')
    expect(
      readdirSync(input)
        .filter((name) => name.startsWith('may'))
        .sort()
    ).toEqual(['may.csv', 'may.jsonl', 'may.parquet'])
    const rows = readFileSync(join(input, 'may.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const kwh = rows.filter(({ register }) => register === '1.8.0').map((row) => row.amount_milli)
    expect(kwh).toEqual([0, 1, 2].map((day) => sumOf(days.slice(day * 24, day * 24 + 24))))
    expect(readFileSync(join(input, 'may.parquet')).subarray(0, 4).toString()).toBe('PAR1')
    const wrong = await go('--grid', 'PT7M', '--out', 'wrong.csv')
    expect([wrong.code, wrong.stderr, readdirSync(input).includes('wrong.csv.part')]).toEqual([1, expect.stringContaining('PT7M'), false])
  } finally {
    for (const each of [data, input]) rmSync(each, { recursive: true, force: true })
  }
}, 300_000)
