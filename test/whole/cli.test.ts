import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Ended, lay, run, type Server as Serving, serve, start, stop, until } from './child.js'
import { curveLine, f5d, hours, recordedBlock, recordedCurve, utc } from './files.js'
import { type Given, type Json, temporary } from './platform.js'
import { HOME } from './world.js'

// A dozen commands are a dozen processes, each seconds long where others are at work.
vi.setConfig({ testTimeout: 180_000 })

/** The commands as people type them: on a folder that nobody holds, and on one that `start` owns. */
let folder: string
beforeAll(() => {
  folder = temporary()
  lay(join(folder, 'meters'), FILES)
  writeFileSync(join(folder, 'registry.yaml'), `points:\n  - { point: ${HOME}, name: Workshop, factor: 2 }\n`)
  writeFileSync(join(folder, 'wrong.yaml'), 'points:\n  - { point: nonsense }\n')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const CLAMP = 'fed676021dacaaf6a12a8dda7685be34'
const FILES: Given[] = [
  f5d(
    'F5D_0291_0762_20240601.0',
    HOME,
    hours(utc('2024-05-01T22:00Z'), utc('2024-05-04T22:00Z'), (_, i) => 100 + i)
  ),
  recordedBlock(`real/flukso-tmpo/${CLAMP}/0/8/1404224256.gz`),
  recordedBlock(`real/flukso-tmpo/${CLAMP}/0/8/1404224512.gz`)
]
const DAY_ONE = Array.from({ length: 24 }, (_, i) => (100 + i) * 1000).reduce((sum, milli) => sum + milli, 0)

/** Every line of stdout is one object. */
const objectsOf = ({ stdout }: Ended): Json[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))

const failed = (ended: Ended, said: RegExp): void => {
  expect([ended.code, ended.stdout]).toEqual([1, ''])
  expect(ended.stderr).toMatch(said)
  expect(ended.stderr).not.toMatch(/\n {4}at /)
}

/** The same walk in both modes; `on` are the options that name the folder. */
const walk = (on: () => string[], owned: boolean): void => {
  const day = ['--register', '1.8.0', '--from', '2024-05-02', '--to', '2024-05-03']
  const go = (...args: string[]) => run([...args, ...on()])

  test('import reads a folder oldest first, tells what it read, and again nothing', async () => {
    const first = await go('import', '--json', join(folder, 'meters'))
    expect(first.code).toBe(0)
    expect(objectsOf(first)).toMatchObject([
      { name: FILES[1].name, source: 'flukso', already: false },
      { name: FILES[2].name, source: 'flukso', already: false },
      { name: FILES[0].name, source: 'infoenergia', readings: 72, already: false }
    ])
    expect(first.stderr).toMatch(/3 files, .* readings in .* rows\/s/)
    const again = await go('import', join(folder, 'meters'))
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('3 files were known already')])
  })

  test('points, series, explain', async () => {
    const points = await go('points', '--json')
    expect([points.code, objectsOf(points).map(({ id }) => id)]).toEqual([0, [HOME, `flukso/${CLAMP}`]])
    expect((await go('points')).stdout).toMatch(new RegExp(`${HOME} .*1\\.8\\.0 .*Wh`))
    const rows = objectsOf(await go('series', HOME, ...day, '--json'))
    expect([rows.length, rows[0].milli]).toEqual([24, 100_000])
    const csv = await go('series', HOME, ...day, '--csv')
    expect([csv.code, csv.stdout.trim().split('\n').length]).toEqual([0, 25])
    if (owned) return
    const table = await go('series', HOME, ...day, '--grid', 'P1D')
    expect([table.code, table.stdout, table.stderr]).toEqual([
      0,
      expect.stringContaining('2.676000'),
      expect.stringContaining('2.676000 kWh')
    ])
    const explained = objectsOf(await go('explain', HOME, '2024-05-02T03:30', '--register', '1.8.0', '--json'))
    expect(explained).toMatchObject([{ sum: { milli: 103_000 }, intervals: [{ to: { file: FILES[0].name, line: 4 } }] }])
    expect((await go('explain', `${HOME}0F`, '2024-05-02T03:30', '--register', '1.8.0')).stdout).toMatch(/F5D_0291_0762_20240601\.0.*4/s)
  })

  test('changes: nothing is told otherwise, and everything is new', async () => {
    const [answer] = objectsOf(await go('changes', '--json', '--since', '2024-01-01', '--point', HOME))
    expect(answer).toMatchObject({ changes: [], arrived: [{ point: HOME, register: '1.8.0', days: 3 }], zone: 'Europe/Madrid' })
    if (owned) return
    expect((await go('changes')).stdout).toMatch(new RegExp(`no day of the past is told otherwise.*New:.*${HOME} +1\\.8\\.0 +3 `, 's'))
    failed(await go('changes', '--since', '2999-01-01'), /since: this lies in the future/)
  })

  test('gaps: a month of which three days are there, and who was silent', async () => {
    const month = ['--from', '2024-05-01', '--to', '2024-05-11']
    const [answer] = objectsOf(await go('gaps', '--json', ...month, '--point', HOME))
    expect(answer.series.find(({ register }: Json) => register === '1.8.0')).toMatchObject({ days: [null, 1, 1, 1, 0, 0, 0, 0, 0, 0] })
    if (owned) return
    const { stdout } = await go('gaps', ...month)
    expect(stdout).toMatch(/^2024-05-01 to 2024-05-10: 0 of \d+ registers complete, .* silent all the time\./)
    expect(stdout).toMatch(new RegExp(`${HOME} .*1\\.8\\.0 +33\\.3 % +144 +6 +0 +2024-05-04T22:00`))
    expect(stdout).not.toContain('flukso/')
    expect((await go('gaps', ...month, '--silent')).stdout).toContain('flukso/')
    failed(await go('gaps', '--from', '2024-05-01', '--to', '2024-04-01'), /to: the range ends before it begins/)
    failed(await go('gaps', '--from', 'May'), /write a day, such as 2023-10-01/)
  })

  test('what is wrong says what to do next', async () => {
    failed(await go('series', 'flukso/nobody', '--from', '2024-05-02'), /No such point/)
    failed(await go('series', HOME, '--register', '1.8.0', '--from', 'yesterday'), /from: "yesterday" is no instant. Write 2024-03-01/)
    // The sentences are the API's, in both modes the same.
    if (owned) return
    failed(await go('series', HOME, ...day, '--grid', 'PT7M'), /grid: "PT7M" is none. Ask for/)
    failed(await go('series', HOME, ...day, '--zone', 'Mars/Olympus'), /zone: .*Europe\/Madrid/)
    failed(await go('explain', HOME, '1990-01-01', '--register', '1.8.0'), /No such figure/)
    failed(await go('refold', '--from', 'never'), /"never" is not an instant such as/)
    failed(await go('import', join(folder, 'nothing')), /There is no .*nothing/)
  })

  test('rejects: exit code 2, with file, line and mend', async () => {
    const name = 'F5D_0291_0762_20240201.0'
    lay(join(folder, 'bad'), [recordedCurve(name)])
    const imported = await go('import', join(folder, 'bad'))
    expect([imported.code, imported.stderr]).toEqual([2, expect.stringMatching(/control-letters +1 .*F5D_0291_0762_20240201\.0:2 cups/)])
    const rejects = objectsOf(await go('rejects', '--json'))
    expect(rejects.map(({ line }) => line).sort((a, b) => a - b)).toEqual([2, 3, 5, 9, 14, 16])
    expect(objectsOf(await go('rejects', '--json', '--reason', 'not-a-number'))).toMatchObject([
      { name, line: 3, field: 'ai', found: 'abc' }
    ])
    expect((await go('rejects')).stdout).toMatch(/reason +count.*what to do/s)
  })

  test('registry: check, dry run, import, export and import again', async () => {
    const file = join(folder, 'registry.yaml')
    expect((await go('registry', 'check', file)).stdout).toContain(HOME)
    expect((await go('registry', 'import', '--dry-run', '--json', file)).objects).toMatchObject([{ applied: false }])
    const entered = await go('registry', 'import', file)
    expect([entered.code, entered.stderr]).toEqual([0, expect.stringMatching(/factor.*2/)])
    // Whoever runs folds history again beside its answers; on a folder of its own the command waits for it.
    const daily = async () => objectsOf(await go('series', HOME, ...day, '--json', '--grid', 'P1D'))
    if (owned) await until(async () => expect(await daily()).toMatchObject([{ milli: 2 * DAY_ONE }]))
    else expect(await daily()).toMatchObject([{ milli: 2 * DAY_ONE }])
    const exported = await go('registry', 'export')
    expect(exported.stdout).toMatch(/name: Workshop/)
    const copy = join(folder, 'exported.yaml')
    writeFileSync(copy, exported.stdout)
    expect((await go('registry', 'import', copy)).stdout).toContain('Nothing differs.')
    failed(await go('registry', 'import', join(folder, 'wrong.yaml')), /wrong|nonsense.*not a metering point.*Write a CUPS/s)
    failed(await go('registry', 'check', join(folder, 'none.yaml')), /none\.yaml cannot be read/)
  })

  test('refold, reparse, replay --verify', async () => {
    expect((await go('refold')).code).toBe(0)
    expect(objectsOf(await go('refold', '--json', '--point', HOME, '--from', '2024-05-02'))).toEqual([{ done: true }])
    expect(objectsOf(await go('reparse', '--json'))).toMatchObject([{ files: 4, rejects: 6 }])
    const verified = await go('replay', '--verify', '--json')
    expect([verified.code, objectsOf(verified)]).toEqual([0, [{ days: expect.any(Number), differing: 0 }]])
    expect((await go('replay')).code).toBe(1)
  })

  test.skipIf(owned)('access: a token that sees one point', async () => {
    const [{ token }] = objectsOf(await go('access', 'add', 'reader', '--point', HOME, '--json'))
    expect(token).toMatch(/^wl_/)
    failed(await go('access', 'add', 'reader'), /has a token already/)
    expect((await go('access', 'list')).stdout).toContain('reader')
    failed(await go('access', 'link', 'reader'), /Nothing answers browsers yet: run "wattledger start"/)
    expect((await go('access', 'remove', 'reader')).code).toBe(0)
    failed(await go('access', 'remove', 'reader'), /Nobody is called reader/)
  })
}

describe('a folder that nobody holds', () => {
  walk(() => ['--data', join(folder, 'free')], false)
})

describe('a folder that start owns', () => {
  let server: Serving
  beforeAll(async () => {
    writeFileSync(join(folder, 'own.yaml'), `data: ${join(folder, 'owned')}\nhttp: { listen: ['127.0.0.1:0', '127.0.0.1:0'] }\n`)
    server = await serve(['--config', join(folder, 'own.yaml')])
  })
  afterAll(async () => {
    expect((await stop(server)).code).toBe(0)
    expect(existsSync(join(folder, 'owned', 'owner.json'))).toBe(false)
  })
  walk(() => ['--config', join(folder, 'own.yaml')], true)

  test('access link: signs one browser in, once, at the process that owns the folder', async () => {
    const on = ['--config', join(folder, 'own.yaml')]
    const signIn = (code: string) =>
      fetch(`${server.url}/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code })
      })
    const plain = await run(['access', 'link', ...on])
    expect([plain.code, plain.stderr]).toEqual([0, ''])
    const [address, code] = plain.stdout.trim().split('/#code=')
    expect(address).toBe(server.url)
    const signedIn = await signIn(code)
    expect([signedIn.status, await signedIn.json()]).toEqual([200, expect.objectContaining({ name: 'owner', role: 'admin' })])
    expect((await signIn(code)).status).toBe(401)
    expect((await run(['access', 'add', 'ana', ...on])).code).toBe(0)
    const [{ link, expiresAt }] = objectsOf(await run(['access', 'link', 'ana', '--json', ...on]))
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(14 * 60_000)
    expect(await (await signIn(link.split('#code=')[1])).json()).toMatchObject({ name: 'ana', role: 'reader' })
    failed(await run(['access', 'link', 'nobody', ...on]), /Nobody is called nobody/)
  })

  test('another start says who is there', async () => {
    failed(
      await run(['start', '--config', join(folder, 'own.yaml')]),
      new RegExp(`Process ${server.process.pid} owns this data folder, at ${server.url}`)
    )
  })
})

describe('two commands at once', () => {
  test('both end well, or one says that the other is at work; nothing breaks', async () => {
    const data = join(folder, 'two')
    const both = [start(['import', '--data', data, join(folder, 'meters')]), start(['import', '--data', data, join(folder, 'meters')])]
    const ended = await Promise.all(both.map((one) => one.ended))
    expect(ended.some(({ code }) => code === 0)).toBe(true)
    for (const one of ended) if (one.code !== 0) failed(one, /owns this data folder and does not answer HTTP: wait for it to end/)
    const rows = objectsOf(
      await run(['series', '--json', '--data', data, HOME, '--from', '2024-05-02', '--to', '2024-05-03', '--grid', 'P1D'])
    )
    expect(rows).toMatchObject([{ milli: DAY_ONE }])
  })
})

describe('settings and surroundings', () => {
  const settings = (text: string): string => {
    const file = join(folder, 'settings.yaml')
    writeFileSync(file, text)
    return file
  }

  test('config check: line, key, what was expected, and the mend', async () => {
    const wrong = await run(['config', 'check', '--config', settings('data: ./x\nhttp:\n  lisen: [8080]\nlog: { partitions: 0 }\n')])
    failed(wrong, /settings\.yaml:3: http\.lisen: nobody knows this key here\. Did you mean "listen"\?/)
    expect(wrong.stderr).toMatch(/settings\.yaml:4: log\.partitions: expected a whole number from 1 to 1024, found 0\./)
    failed(await run(['points', '--config', settings('data: [\n')]), /settings\.yaml:\d+: this is not YAML/)
    failed(await run(['points', '--config', join(folder, 'absent.yaml')]), /There is no settings file .*absent\.yaml/)
    const right = await run(['config', 'check', '--json', '--config', settings('data: ./x\n')])
    expect([right.code, right.objects]).toMatchObject([0, [{ data: './x', log: { partitions: 4 } }]])
  })

  test('a ledger that does not exist yet is not made by asking', async () => {
    const data = join(folder, 'none')
    failed(await run(['points', '--data', data]), /There is no ledger in .*none yet: wattledger import FILE… makes one/)
    expect(existsSync(data)).toBe(false)
  })

  test('a port in use: start says so and ends', async () => {
    const taken = await new Promise<Server>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
    })
    const { port } = taken.address() as { port: number }
    try {
      const config = settings(`data: ${join(folder, 'port')}\nhttp: { listen: ['127.0.0.1:${port}'] }\n`)
      failed(
        await run(['start', '--config', config]),
        new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port} \\(EADDRINUSE\\): name another address`)
      )
      expect((await run(['points', '--data', join(folder, 'port')])).code).toBe(0)
    } finally {
      taken.close()
    }
  }, 30_000)

  test('a file that may not be read is named', async () => {
    const secret = join(folder, 'secret')
    mkdirSync(secret)
    writeFileSync(join(secret, 'F5D_0291_0762_20240601.0'), curveLine(HOME, { start: utc('2024-05-02T10:00Z'), wh: 1 }))
    chmodSync(join(secret, 'F5D_0291_0762_20240601.0'), 0)
    // Root may read anything: then somebody else asks.
    const uid = process.getuid?.() === 0 ? 65_534 : undefined
    chmodSync(folder, 0o777)
    const ended = await run(['import', '--data', join(folder, 'nobody'), secret], { uid, cwd: folder })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toMatch(/F5D_0291_0762_20240601\.0/)
    expect(ended.stderr).not.toMatch(/\n {4}at /)
  })

  test('words nobody knows, and help', async () => {
    const unknown = await run(['imprt'])
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringMatching(/unknown command 'imprt'.*Did you mean import\?/s)])
    expect((await run(['import'])).code).toBe(1)
    const help = await run(['--help'])
    expect(help.code).toBe(0)
    for (const command of [
      'start',
      'import',
      'points',
      'series',
      'explain',
      'rejects',
      'registry',
      'rules',
      'replay',
      'refold',
      'reparse',
      'config'
    ])
      expect(help.stdout).toMatch(new RegExp(`^ {2}${command}`, 'm'))
  })

  test('rules prints the golden traces, ours beside others', async () => {
    const table = await run(['rules'])
    expect([table.code, table.stdout.split('\n').length]).toEqual([0, expect.any(Number)])
    expect(table.stdout).toMatch(/zero blip .*0\.019/)
    const objects = objectsOf(await run(['rules', '--json']))
    expect(objects.length).toBeGreaterThanOrEqual(14)
    expect(objects[0]).toMatchObject({ ours: { milli: 19_000 } })
  })

  test('the commands of the README are commands', () => {
    const text = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
    const named = [...text.matchAll(/npx wattledger (\w+)/g)].map(([, command]) => command)
    expect(new Set(named)).toEqual(new Set(['import', 'points', 'series', 'explain']))
  })
})
