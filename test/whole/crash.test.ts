import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lay, run, serve, start, stop, until } from './child.js'
import { blocksOf, cupsOf, DAY, f5d, hours, random, sidOf, utc } from './files.js'
import { type Given, openWhole, temporary, withWhole } from './platform.js'
import { register } from './world.js'

/** Whatever ends the program, and whenever: what it acknowledged is there, and the next run makes the ledger of an undisturbed one. */
const KILLS = process.env.WATTLEDGER_LONG ? 200 : 20

const FROM = utc('2024-02-29T23:00Z')
const homes = [cupsOf(21), cupsOf(22), cupsOf(23)]
const days = (first: number, last: number, by: number) =>
  hours(FROM + first * DAY, FROM + last * DAY, (_, i) => 100 + ((i * 37) % 400) + by)
const sid = sidOf(0xdead)
const samples = register(99, 1_709_248_256, 12_000)

/** A month of three homes, in files of days and of the month, corrected; and a clamp. About 4 000 rows. */
const files: Given[] = [
  ...homes.map((home, i) => f5d(`homes/F5D_${i}_20240410.0`, home, days(0, 31, i))),
  ...homes.map((home, i) => f5d(`homes/F5D_${i}_20240411.1`, home, days(5, 20, 10 + i))),
  ...Array.from({ length: 10 }, (_, day) => f5d(`days/F5D_${day}_20240312.0`, homes[day % 3], days(day, day + 1, 1))),
  ...blocksOf(sid, 8, samples),
  ...blocksOf(sid, 12, samples)
]

/** Read last, for files are read oldest first. */
const NEWEST = 'homes/F5D_2_20240411.1'

let folder: string
let inbox: string
let undisturbed: string
beforeAll(async () => {
  folder = temporary()
  inbox = join(folder, 'inbox')
  lay(inbox, files)
  undisturbed = await withWhole(async (whole) => {
    await whole.take(...files)
    return whole.hash()
  })
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The hash of a data folder that nobody holds. */
const hashOf = async (data: string): Promise<string> => {
  const whole = await openWhole(data)
  try {
    await whole.platform.settle()
    return await whole.hash()
  } finally {
    await whole.close()
  }
}

describe('SIGKILL', () => {
  test(`import, killed ${KILLS} times and run again, ends in the undisturbed ledger; what was acknowledged is never read twice`, async () => {
    const next = random(Date.now())
    let kills = 0
    for (let round = 0; kills < KILLS; round++) {
      const data = join(folder, `killed-${round}`)
      const acknowledged = new Set<string>()
      for (let over = false; !over; ) {
        const running = start(['import', '--json', '--data', data, inbox])
        // Mostly while it reads, now and then while it starts; the last kill of a round falls while it settles or not at all.
        const reading = next() < 0.85
        if (reading) await running.line((line) => line.includes('"origin"')).catch(() => {})
        if (kills < KILLS) await Promise.race([running.ended, sleep(next() * (reading ? 600 : 400))])
        if (kills < KILLS && running.process.exitCode === null) running.process.kill('SIGKILL')
        const { code, signal, objects, stderr } = await running.ended
        if (signal === 'SIGKILL') kills++
        else expect([code, stderr]).toEqual([0, expect.stringContaining(`${files.length} files`)])
        for (const { name, already } of objects) {
          if (acknowledged.has(name)) expect([name, already]).toEqual([name, true])
          acknowledged.add(name)
        }
        over = signal === null
      }
      expect(acknowledged.size).toBe(files.length)
      expect(await hashOf(data)).toBe(undisturbed)
    }
  }, 3_000_000)
})

describe('SIGTERM', () => {
  test('start, stopped again and again while it reads a folder: a clean end, and nothing lost', async () => {
    const data = join(folder, 'stopped')
    mkdirSync(data)
    const config = join(folder, 'stopped.yaml')
    writeFileSync(config, `data: ${data}\nhttp: { listen: ['127.0.0.1:0'] }\nfolders: [{ path: ${inbox} }]\n`)
    // At the first arrival, and somewhere in the middle.
    for (const arrivals of [1, 30]) {
      const server = await serve(['--config', config])
      await until(async () => expect(server.lines.filter((line) => line.includes('"origin"')).length).toBeGreaterThanOrEqual(arrivals))
      const { code, signal, stderr } = await stop(server)
      expect([code, signal, stderr]).toEqual([0, null, 'Stopping …\n'])
    }
    const server = await serve(['--config', config])
    // A file that was read but not yet noted at the stop is known already, and not told again.
    await server.line((line) => line.includes(`"${NEWEST}"`))
    expect((await stop(server)).code).toBe(0)
    const { code, objects } = await run(['import', '--json', '--data', data, inbox])
    expect([code, objects.length, objects.every(({ already }) => already)]).toEqual([0, files.length, true])
    expect(await hashOf(data)).toBe(undisturbed)
  }, 120_000)
})

describe('a full disk', () => {
  test('import says so and fails; with room again it completes, and the ledger is right', async () => {
    const [data, other] = [join(folder, 'full'), join(folder, 'roomy')]
    expect((await run(['import', '--data', other, inbox])).code).toBe(0)
    const kib = Math.floor(statSync(join(other, 'ledger.mdb')).size / 2048)
    const full = await run(['import', '--json', '--data', data, inbox], { shell: `ulimit -f ${kib}; exec "$0" "$@"` })
    expect(full.code).toBe(1)
    // The last word is a sentence, whatever LMDB itself printed before it.
    expect(full.stderr.trim().split('\n').at(-1)).toMatch(/^The data folder .* cannot be written .* free some space/)
    expect(full.objects.length).toBeLessThan(files.length)
    const again = await run(['import', '--json', '--data', data, inbox])
    expect(again.code).toBe(0)
    for (const { name } of full.objects) expect(again.objects.find((object) => object.name === name)).toMatchObject({ already: true })
    expect(await hashOf(data)).toBe(undisturbed)
  }, 120_000)

  test('start says so and ends, instead of standing there deaf', async () => {
    const data = join(folder, 'full-start')
    const config = join(folder, 'full.yaml')
    writeFileSync(config, `data: ${data}\nhttp: { listen: ['127.0.0.1:0'] }\nfolders: [{ path: ${inbox} }]\n`)
    const { code, signal, stderr } = await run(['start', '--json', '--config', config], { shell: 'ulimit -f 250; exec "$0" "$@"' })
    expect([code, signal]).toEqual([1, null])
    expect(stderr).toMatch(/The data folder .* cannot be written .* free some space/)
    expect((await run(['import', '--json', '--data', data, inbox])).code).toBe(0)
    expect(await hashOf(data)).toBe(undisturbed)
  }, 60_000)
})
