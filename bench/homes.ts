import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openEmbedded } from '../infra/lmdb/open.js'
import { writeTabs } from '../infra/workbook.js'
import { INSTALLATION_REGISTERS, POWER_GRID, pointOfInstallation } from '../schemas/installations.js'
import type { Figure } from './figure.js'
import type { Command, SpentSo } from './homes-child.js'
import { blocksOf, groupsOf, type MadeUpHome, madeUpHomes, type Seconds, workbookTabs } from './made-up-homes.js'

const CHILD = fileURLToPath(new URL('./homes-child.js', import.meta.url))
const WORKBOOK = 'Configuration01_20240101.xlsx'
/** 1 January 2024, 00:00 in Brussels, where there is no change of clocks before 31 March. */
const START = 1_704_063_600
const [FIRST_DAY, HOUR, DAY] = ['2024-01-01', 3600, 86_400]
const GRIDS = [POWER_GRID, 'PT15M', 'PT1H', 'P1D']
const MB = 1e6

export interface HomesSizes {
  homes: number
  days: number
}

class Child {
  readonly #process: ChildProcess
  readonly #ended: Promise<never>

  constructor(data: string) {
    this.#process = fork(CHILD, [data], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#ended = once(this.#process, 'exit').then(([code]) => {
      throw new Error(`The platform ended with ${code}.`)
    })
    this.#ended.catch(() => {})
  }

  /** It takes one command at a time. */
  async do<Told>(command: Command): Promise<Told> {
    this.#process.send(command)
    return this.told()
  }

  async told<Told>(): Promise<Told> {
    const [{ told }] = (await Promise.race([once(this.#process, 'message'), this.#ended])) as [{ told: Told }]
    return told
  }
}

const start = async (data: string): Promise<Child> => {
  const child = new Child(data)
  await child.told()
  return child
}

/** Time, CPU time and memory of a piece of work, with what it came to. */
const timed = async <Result>(child: Child, work: () => Promise<Result>) => {
  await child.do<SpentSo>({ do: 'spent' })
  const began = performance.now()
  const result = await work()
  const seconds = (performance.now() - began) / 1000
  return { result, seconds, ...(await child.do<SpentSo>({ do: 'spent' })) }
}

interface Day {
  installation: string
  rule: string
}

const askChecks = async (child: Child, range: string): Promise<Day[]> =>
  (await child.do<{ checks: Day[] }>({ do: 'ask', path: `/v1/installations/checks?${range}` })).checks

const count = <Item>(items: readonly Item[], wanted: (item: Item) => boolean): number => items.filter(wanted).length

const insist = (is: unknown, should: unknown, what: string): void => {
  if (is !== should) throw new Error(`${what}: ${is}, and should be ${should}.`)
}

/** Rows of installations that are stored, every revision of them, by grid. */
const storedRows = async (data: string, installations: readonly string[], span: Seconds): Promise<Map<string, number>> => {
  const { store, close } = await openEmbedded(data)
  const rows = new Map(GRIDS.map((grid) => [grid, 0]))
  // A month of slots at once would be much.
  for (const installation of installations)
    for (const register of INSTALLATION_REGISTERS)
      for (const grid of GRIDS)
        for (let from = span.from * 1000; from < span.to * 1000; from += DAY * 1000) {
          const blocks = await store.slots({ point: pointOfInstallation(installation), register }, grid, from, from + DAY * 1000)
          const begun = blocks.reduce((sum, { start }) => sum + count(start, (at) => from <= at && at < from + DAY * 1000), 0)
          rows.set(grid, rows.get(grid)! + begun)
        }
  await close()
  return rows
}

/** What is imported, and what is wrong with it. */
interface Scene {
  homes: readonly MadeUpHome[]
  groups: ReadonlyMap<string, readonly MadeUpHome[]>
  /** Ids of homes and groups. */
  installations: readonly string[]
  /** Its mains say nothing for six hours of the first day. */
  silent: MadeUpHome
  /** Its panels have the wrong sign until that is mended. */
  reversed: MadeUpHome
  days: number
  span: Seconds
  /** The same, as questions have it. */
  range: string
}

const sceneOf = ({ homes: many, days }: HomesSizes): Scene => {
  const homes = madeUpHomes(many)
  const groups = groupsOf(homes)
  const end = new Date(Date.parse(FIRST_DAY) + days * DAY * 1000).toISOString().slice(0, 10)
  return {
    homes,
    groups,
    installations: [...homes.map(({ id }) => id), ...groups.keys()],
    silent: homes[0],
    reversed: homes[1],
    days,
    span: { from: START, to: START + days * DAY },
    range: `from=${FIRST_DAY}&to=${end}`
  }
}

/** The home and the groups it is in. */
const touchedBy = ({ groups }: Scene, home: MadeUpHome): number => 1 + count([...groups.values()], (members) => members.includes(home))

const importAll = async (child: Child, { homes, silent, span }: Scene): Promise<number> => {
  const hole = { from: START + 6 * HOUR, to: START + 12 * HOUR }
  let [sent, readings] = [0, 0]
  let reading: Promise<number> | null = null
  for (const block of blocksOf(span))
    for (const home of homes)
      for (const made of home.blocks(block, span, home === silent ? hole : null)) {
        // One is made while the one before it is read.
        readings += (await reading) ?? 0
        reading = child.do<number>({ do: 'block', name: made.name, bytes: made.bytes })
        reading.catch(() => {})
        sent += made.readings
      }
  readings += (await reading) ?? 0
  insist(readings, sent, 'Readings')
  await child.do({ do: 'settle' })
  return readings
}

/** A home's P_tot is what its clamps counted, to the thousandth of a Wh; of whoever was silent nobody knows when. */
const compareEnergy = async (child: Child, { homes, silent, range }: Scene): Promise<void> => {
  for (const home of homes.filter((each) => each !== silent)) {
    const path = `/v1/series?point=${pointOfInstallation(home.id)}&register=p_tot&grid=P1D&${range}`
    const { summary } = await child.do<{ summary: { milli: number } }>({ do: 'ask', path })
    insist(summary.milli, home.net, `Thousandths of Wh of ${home.id}`)
  }
}

/** The readings into a fresh folder, and what the daily rules say of them. */
const importScene = async (data: string, scene: Scene, workbook: Buffer, say: (text: string) => void) => {
  const { silent, reversed, days, range } = scene
  const child = await start(data)
  const idle = await child.do<SpentSo>({ do: 'spent' })
  await child.do({ do: 'workbook', name: WORKBOOK, bytes: workbook })
  say('import')
  const imported = await timed(child, () => importAll(child, scene))
  await compareEnergy(child, scene)
  say('daily rules')
  const { alerts } = await child.do<{ alerts: { subject: string; state: string }[] }>({
    do: 'ask',
    path: `/v1/alerts?${range}&zone=Europe/Brussels&limit=5000`
  })
  const checked = await timed(child, () => askChecks(child, range))
  const missing = count(checked.result, ({ rule }) => rule === 'missing')
  const signs = count(checked.result, ({ rule }) => rule.startsWith('sign'))
  insist(missing, touchedBy(scene, silent), 'Days with missing slots')
  insist(
    count(checked.result, ({ installation }) => installation === reversed.id),
    2 * days,
    'Wrong signs of the home'
  )
  await child.do({ do: 'stop' })
  // Days that were not whole while blocks came are taken back.
  const standing = count(alerts, ({ subject, state }) => subject.startsWith(pointOfInstallation('')) && state !== 'retracted')
  return { idle, imported, alerts: standing, missing, signs, checked }
}

/** The workbook with the right sign, until everything it touches is told again. */
const mendSign = async (data: string, scene: Scene, workbook: Buffer) => {
  const child = await start(data)
  const changed = await timed(child, async () => {
    const { changes } = await child.do<{ changes: unknown[] }>({ do: 'workbook', name: WORKBOOK, bytes: workbook })
    insist(changes.length, touchedBy(scene, scene.reversed), 'Installations that changed')
  })
  const found = await askChecks(child, scene.range)
  insist(
    count(found, ({ installation }) => installation === scene.reversed.id),
    0,
    'Wrong signs of the home'
  )
  await compareEnergy(child, scene)
  await child.do({ do: 'stop' })
  return changed
}

/** Homes with clamps and their groups: their readings, the daily rules, and a clamp's sign that is mended. */
export const homes = async (folder: string, sizes: HomesSizes, say: (text: string) => void): Promise<Figure[]> => {
  const data = join(folder, 'homes')
  mkdirSync(data)
  const scene = sceneOf(sizes)
  const { homes, groups, installations, reversed, span } = scene
  const [wrong, right] = [workbookTabs(homes, reversed), workbookTabs(homes, null)]
  const { idle, imported, alerts, missing, signs, checked } = await importScene(data, scene, await writeTabs(wrong), say)
  const before = await storedRows(data, installations, span)
  say('change')
  const changed = await mendSign(data, scene, await writeTabs(right))
  const after = await storedRows(data, installations, span)

  const sensors = homes.reduce((sum, home) => sum + home.sensors.length, 0)
  const members = wrong[0].rows.length - 1
  const part = `${homes.length} homes and ${groups.size} groups, ${sensors} sensors, ${members} members, ${sizes.days} days`
  const of = (what: string, value: number, unit: string): Figure => ({ part, what, value, unit })
  const held = (what: string, { anonBytes }: SpentSo): Figure[] => {
    const peer = { name: 'the same process before it', value: idle.anonBytes / MB }
    return anonBytes === 0 ? [] : [{ ...of(`${what}, peak of what the process holds itself`, anonBytes / MB, 'MB'), peer }]
  }
  return [
    of(`import of ${imported.result} readings, until installations are told, on the clock`, imported.seconds, 's'),
    of('import, CPU time', imported.cpuSeconds, 's'),
    of('import, per second of CPU time', imported.result / imported.cpuSeconds, 'readings/s'),
    ...held('import', imported),
    ...GRIDS.map((grid) => of(`rows of installations, every revision, ${grid}`, before.get(grid)!, 'rows')),
    of('daily rules, all installations and days over HTTP', checked.seconds * 1000, 'ms'),
    of('daily rules, days with missing slots', missing, 'days'),
    of('daily rules, wrong signs', signs, 'findings'),
    of('alerts of installations that stand (days one after the other are one)', alerts, 'alerts'),
    of(
      `signs of a home's panels changed, until ${touchedBy(scene, reversed)} installations are told again, on the clock`,
      changed.seconds,
      's'
    ),
    of('the change, CPU time', changed.cpuSeconds, 's'),
    ...held('the change', changed),
    ...GRIDS.map((grid) => of(`the change, rows that were revised, ${grid}`, after.get(grid)! - before.get(grid)!, 'rows'))
  ]
}
