import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Embedded, openEmbedded } from '../../infra/lmdb/open.js'
import { hasSshd, type LocalSshd, startSshd } from '../../infra/local/sshd.js'
import type { Slots } from '../../schemas/generated.js'
import { POWER_GRID, POWER_SCALE, pointOfInstallation } from '../../schemas/installations.js'
import { Sftp } from '../../schemas/settings-outlets.js'
import { Topics } from '../../schemas/topics.js'
import type { Outlet } from '../../sinks/outbox/run.js'
import { openDrop } from '../../sinks/sftp/drop.js'
import { runSftpSink } from '../../sinks/sftp/sink.js'
import { slots } from '../schemas/blocks-at-random.js'
import { until } from '../whole/child.js'
import { openWhole } from '../whole/platform.js'

/** Half-days on their way to a real OpenSSH. */
const DAY_MS = 86_400_000
const MINUTE = 60_000

let keys: string
let server: LocalSshd
let folder: string
let embedded: Embedded
let outlet: Outlet | null = null
let now = Date.parse('2022-08-01T00:00:00Z')
let opened = 0

const settingsOf = (more: Record<string, unknown> = {}): Sftp =>
  Sftp.parse({
    host: '127.0.0.1',
    port: server.port,
    user: server.user,
    key: { file: 'unused' },
    hostKeys: [server.hostKey],
    folder: server.upload,
    graceMinutes: 10,
    ...more
  })

const start = (settings = settingsOf(), privateKey = server.key): Outlet => {
  const { log, wire, store } = embedded
  const open = () => {
    opened++
    return openDrop(settings, { privateKey })
  }
  outlet = runSftpSink(settings, { log, wire, store, open, stored: async () => true, now: () => now })
  return outlet
}
const stop = async () => {
  for (const { stop } of outlet?.processings ?? []) await stop()
  outlet = null
}
const settled = async () => {
  for (const { drained } of outlet!.processings) await drained()
}
const files = () => readdirSync(server.upload).sort()
const linesOf = (name: string) => readFileSync(join(server.upload, name), 'utf8').trimEnd().split('\n').slice(1)

/** Slots of [from, to) with a power each, W; what the processor of installations leaves. */
const power = async (home: string, from: string, to: string, watts: { p_cons: number; p_prod: number; p_tot: number }, rev = 1) => {
  const starts: number[] = []
  for (let at = Date.parse(from); at < Date.parse(to); at += 8000) starts.push(at)
  const blocks: Slots[] = []
  for (const [register, w] of Object.entries(watts))
    for (let first = 0; first < starts.length; first += 4000)
      blocks.push(
        slots(
          starts
            .slice(first, first + 4000)
            .map((at) => ({ start: at, end: at + 8000, amount: Math.round((w * 1e6) / 450), coveredMs: 8000, rev, knownAt: at })),
          { point: pointOfInstallation(home), register, unit: 'Wh', grid: POWER_GRID, scale: POWER_SCALE }
        )
      )
  await embedded.store.write({ slots: blocks })
  await embedded.log.append(
    Topics.power,
    blocks.map((block) => ({ key: home, value: embedded.wire.encode('Slots', block) }))
  )
}
const HOMES = ['CDB1', 'CDB10', 'HOME01', 'ECH1']
const SUN = { p_cons: 450, p_prod: -1800, p_tot: -1350 }

describe.skipIf(!hasSshd())('half-days by SFTP', () => {
  beforeAll(() => {
    keys = mkdtempSync(join(tmpdir(), 'wattledger-keys-'))
  })
  afterAll(() => rmSync(keys, { recursive: true, force: true }))
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wattledger-sftp-'))
    server = await startSshd(join(folder, 'sshd'))
    embedded = await openEmbedded(join(folder, 'data'), { partitions: 4 })
    await embedded.log.create([Topics.power])
    const about = { validFrom: 0, knownAt: 0, deleted: false, name: '', latitude: null, longitude: null, members: [] }
    await embedded.store.write({ installations: HOMES.map((installation) => ({ installation, zone: 'Europe/Brussels', ...about })) })
    opened = 0
    now = Date.parse('2022-08-01T00:00:00Z')
  })
  afterEach(async () => {
    await stop()
    await embedded.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('A15: whole days of two homes, one the beginning of the other in name, with the rows of the dossier', async () => {
    await power('CDB1', '2022-06-30T21:59:52Z', '2022-07-01T21:59:52Z', SUN)
    await power('CDB10', '2022-01-31T22:59:52Z', '2022-02-01T22:59:52Z', SUN)
    start()
    await settled()
    expect(files()).toEqual([])
    now += 11 * MINUTE
    await settled()
    expect(files()).toEqual(['CDB10_2022-02-01_AM.csv', 'CDB10_2022-02-01_PM.csv', 'CDB1_2022-07-01_AM.csv', 'CDB1_2022-07-01_PM.csv'])
    expect(files().map((name) => linesOf(name).length)).toEqual([4951, 5849, 5401, 5399])
    const lines = linesOf('CDB1_2022-07-01_AM.csv')
    expect(lines[0]).toBe('CDB1,2022-07-01,2022-06-30T22:00:00Z,450,-1800,-1350')
    expect(lines.at(-1)).toBe('CDB1,2022-07-01,2022-07-01T10:00:00Z,450,-1800,-1350')
    // A morning that came is no reason to believe that the other home's is there.
    await power('CDB1', '2022-01-31T22:59:52Z', '2022-02-01T22:59:52Z', SUN)
    await settled()
    now += 11 * MINUTE
    await settled()
    expect(files()).toContain('CDB1_2022-02-01_AM.csv')
  })

  test('what changed after it was sent is sent again, what did not is not, also over a restart', async () => {
    await power('HOME01', '2022-06-30T21:59:52Z', '2022-07-02T21:59:52Z', SUN)
    start()
    await settled()
    now += 11 * MINUTE
    await settled()
    expect(outlet!.counts.delivered).toBe(4)
    await stop()
    // The same once more, under a higher revision, and one hour of an afternoon that differs.
    await power('HOME01', '2022-06-30T21:59:52Z', '2022-07-02T21:59:52Z', SUN, 2)
    await power('HOME01', '2022-07-01T12:00:00Z', '2022-07-01T13:00:00Z', { ...SUN, p_cons: 900 }, 3)
    start()
    await settled()
    now += 11 * MINUTE
    await settled()
    expect(outlet!.counts.delivered).toBe(1)
    expect(linesOf('HOME01_2022-07-01_PM.csv').filter((line) => line.includes(',900,'))).toHaveLength(450)
    expect(files()).toHaveLength(4)
  })

  test('a half-day that is not over, or not known at all, is no file; a slot without a figure is an empty cell', async () => {
    now = Date.parse('2022-07-01T11:00:00Z')
    await power('HOME01', '2022-07-01T09:00:00Z', '2022-07-01T10:30:00Z', SUN)
    start()
    await settled()
    now += 11 * MINUTE
    await settled()
    expect(files()).toEqual(['HOME01_2022-07-01_AM.csv'])
    const lines = linesOf('HOME01_2022-07-01_AM.csv')
    expect(lines).toHaveLength(5401)
    expect(lines.filter((line) => line.endsWith('Z,,,'))).toHaveLength(5401 - 450)
    now = Date.parse('2022-07-01T22:11:00Z')
    await settled()
    expect(files()).toHaveLength(2)
  })

  test('a server that is away for a day gets everything when it is back', async () => {
    const { port } = server
    await server.stop()
    await power('HOME01', '2022-06-30T21:59:52Z', '2022-07-01T21:59:52Z', SUN)
    const settings = settingsOf()
    start(settings)
    await settled()
    for (let hour = 0; hour < 24; hour++) {
      now += 60 * MINUTE
      await settled()
    }
    expect(outlet!.trouble()).toMatch(/^127\.0\.0\.1:\d+ does not take files: .*ECONNREFUSED.*sftp in the settings/)
    server = await startSshd(join(folder, 'sshd'), { port })
    now += 60 * MINUTE
    await settled()
    expect(files()).toHaveLength(2)
    expect(outlet!.trouble()).toBeNull()
  })

  test('a server with another key gets nothing, not even ours, and is told apart from one that refuses us', async () => {
    await power('HOME01', '2022-06-30T21:59:52Z', '2022-07-01T21:59:52Z', SUN)
    now += DAY_MS
    start(settingsOf({ hostKeys: [`SHA256:${'A'.repeat(43)}`] }))
    await settled()
    now += DAY_MS
    await settled()
    expect(outlet!.trouble()).toContain(`shows the key ${server.hostKey}, which is none of sftp.hostKeys`)
    await stop()
    const stranger = await startSshd(join(folder, 'other'))
    start(settingsOf(), stranger.key)
    await settled()
    now += DAY_MS
    await settled()
    expect(outlet!.trouble()).toMatch(/authentication methods failed/)
    await stranger.stop()
    expect(files()).toEqual([])
  })

  test('a file stands under its name only when it is whole', async () => {
    const drop = await openDrop(settingsOf(), { privateKey: server.key })
    writeFileSync(join(server.upload, 'a.csv'), 'earlier')
    await drop.put('a.csv', 'later')
    await drop.close()
    expect(readFileSync(join(server.upload, 'a.csv'), 'utf8')).toBe('later')
    const nowhere = await openDrop(settingsOf({ folder: join(server.upload, 'nowhere') }), { privateKey: server.key })
    await expect(nowhere.put('a.csv', 'x')).rejects.toThrow(/No such file/)
    await nowhere.close()
    expect(files()).toEqual(['a.csv'])
  })

  test('from the rows of a sensor over the power of its home to the files of a day, and again when the configuration changes', async () => {
    const key = join(folder, 'key')
    writeFileSync(key, server.key)
    const whole = await openWhole(join(folder, 'whole'), { sftp: settingsOf({ key: { file: key }, graceMinutes: 0, since: '2022-07-01' }) })
    const sensor = 'a'.repeat(32)
    const rows: string[] = []
    for (let ts = Date.parse('2022-06-30T21:00:00Z'); ts < Date.parse('2022-07-01T22:00:00Z'); ts += 8000)
      rows.push(`${sensor},d,${new Date(ts).toISOString()},1000`)
    const home = async (tot: number) => {
      const member = { point: `flukso/${sensor}`, register: 'raw', tot }
      const payload = JSON.stringify({ validFrom: '2022-01-01', zone: 'Europe/Brussels', members: [member] })
      const headers = { authorization: `Bearer ${whole.platform.token}`, 'content-type': 'application/json' }
      const { statusCode } = await whole.platform.app.inject({
        method: 'PUT',
        url: '/v1/installations/HOME01?dryRun=false',
        payload,
        headers
      })
      expect(statusCode).toBe(200)
    }
    try {
      await home(1)
      await whole.take({ name: 'raw.csv', bytes: `sensor_id,day,ts,power\n${rows.join('\n')}\n` })
      await until(async () => expect(files()).toEqual(['HOME01_2022-07-01_AM.csv', 'HOME01_2022-07-01_PM.csv']), 60_000)
      const powers = () => files().map((name) => [...new Set(linesOf(name).map((line) => line.split(',').slice(3).join()))])
      expect(files().map((name) => linesOf(name).length)).toEqual([5401, 5399])
      await until(async () => expect(powers()).toEqual([['450,0,450'], ['450,0,450']]), 60_000)
      // The same bytes, asked for.
      for (const name of files()) {
        const [, day, half] = name.slice(0, -4).split('_')
        const { body } = await whole.send('GET', `/v1/installations/HOME01/half-days/${day}/${half}`)
        expect(body).toBe(readFileSync(join(server.upload, name), 'utf8'))
      }
      await home(-1)
      await until(async () => expect(powers()).toEqual([['-450,0,-450'], ['-450,0,-450']]), 60_000)
    } finally {
      await whole.close()
    }
  })

  test('only the installations and days that are wanted', async () => {
    await power('CDB1', '2022-06-29T21:59:52Z', '2022-07-01T21:59:52Z', SUN)
    await power('ECH1', '2022-06-30T21:59:52Z', '2022-07-01T21:59:52Z', SUN)
    start(settingsOf({ installations: ['CDB*'], since: '2022-07-01' }))
    await settled()
    now += 11 * MINUTE
    await settled()
    expect(files()).toEqual(['CDB1_2022-07-01_AM.csv', 'CDB1_2022-07-01_PM.csv'])
    expect(opened).toBe(1)
  })
})
