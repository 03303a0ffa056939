import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Figure, median } from './figure.js'
import type { Outcome, Task } from './import-child.js'
import { cupsOf, sidOf, writeBlocks, writeCurves } from './made-up.js'

const CHILD = fileURLToPath(new URL('./import-child.js', import.meta.url))

/** Binding to one core is asked of the system; where it can't be, figures are of all cores, and say so. */
const canBind = spawnSync('taskset', ['-c', '0', 'true']).status === 0

export interface Sizes {
  /** Runs of each import of which the median counts. */
  runs: number
  /** Kinds whose files are read in random order too. */
  shuffled: readonly ('F5D' | 'level 16' | 'level 20')[]
  /** Supply points of the year of F5D files. */
  points: number
  months: number
  /** Sensors, and blocks of level 16 of each. */
  sensors: number
  blocks: number
  /** Of the memory run; null: none. */
  memory: { points: number; sensors: number; blocks: number } | null
}

interface Kind {
  name: string
  files: string
  readings: number
  questions: Task['questions']
}

const child = (task: Task, oneCore: boolean): Promise<Outcome> => {
  rmSync(task.data, { recursive: true, force: true })
  mkdirSync(task.data, { recursive: true })
  const node = [process.execPath, CHILD, JSON.stringify(task)]
  const [command, ...rest] = oneCore && canBind ? ['taskset', '-c', '0', ...node] : node
  return new Promise((resolve, reject) => {
    const started = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    started.stdout.on('data', (chunk: Buffer) => {
      text += chunk
    })
    started.on('error', reject)
    started.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text))
      else reject(new Error(`The import ended with ${code}.`))
    })
  })
}

const importing = async (folder: string, kind: Kind, order: Task['order'], runs: number, measureDisk = false): Promise<Outcome[]> => {
  const outcomes: Outcome[] = []
  for (let i = 0; i < runs; i++) {
    const last = measureDisk && i === runs - 1
    const task = { files: kind.files, data: join(folder, 'data'), order, questions: kind.questions, measureDisk: last }
    const outcome = await child(task, true)
    if (outcome.readings !== kind.readings) throw new Error(`${kind.name}: made ${kind.readings} readings, imported ${outcome.readings}.`)
    outcomes.push(outcome)
  }
  return outcomes
}

const core = canBind ? 'one core' : 'all cores'

const speed = (kind: Kind, ordered: readonly Outcome[], shuffled: readonly Outcome[]): Figure[] => {
  const took = (outcomes: readonly Outcome[]) => median(outcomes.map(({ cpuSeconds }) => cpuSeconds))
  const part = 'Import, end to end'
  const rate = { part, unit: 'readings/s', aim: { least: 300_000 } }
  const figures: Figure[] = [
    { ...rate, what: `${kind.name}, ${core}`, value: median(ordered.map(({ readings, seconds }) => readings / seconds)) },
    {
      part,
      unit: 'readings/s',
      what: `${kind.name}, per second of CPU time`,
      value: median(ordered.map(({ readings, cpuSeconds }) => readings / cpuSeconds))
    }
  ]
  if (shuffled.length === 0) return figures
  const ratio = took(shuffled) / took(ordered)
  return [
    ...figures,
    { part, what: `${kind.name}, files shuffled against in order, CPU time`, value: ratio, unit: 'times as long', aim: { most: 3 } }
  ]
}

const answers = (kind: Kind, outcomes: readonly Outcome[]): Figure[] =>
  kind.questions.flatMap(({ path, rows }, i): Figure[] => {
    const grid = new URL(path, 'http://x').searchParams.get('grid')
    const peer = { name: 'the shortest answer (/healthz)', value: median(outcomes.map(({ floorMs }) => floorMs)) }
    const aim = grid === 'PT1H' ? { most: 5 } : undefined
    const folded = outcomes.flatMap(({ askedFolded }) => askedFolded.slice(i, i + 1))
    const figure = { part: 'Month query over HTTP', unit: 'ms', aim, peer }
    return [
      { ...figure, what: `${kind.name}: ${grid}, ${rows} rows, as imported`, value: median(outcomes.map(({ asked }) => asked[i])) },
      { ...figure, what: `${kind.name}: ${grid}, ${rows} rows, closed days folded`, value: median(folded) }
    ]
  })

const disk = (kind: Kind, outcomes: readonly Outcome[]): Figure[] => {
  const { sizes, readings, workingBytes, otherBytes } = outcomes[outcomes.length - 1]
  const part = 'Disk'
  const ledger = sizes.intervals + sizes.slots
  const used = Object.values(sizes).reduce((sum, bytes) => sum + bytes, 0)
  const table = (name: string) => `${name} ${(sizes[name] / readings).toFixed(1)}`
  return [
    {
      part,
      what: `${kind.name}: ledger (intervals and slots, closed days folded)`,
      value: ledger / readings,
      unit: 'bytes/reading',
      aim: { most: 8 }
    },
    {
      part,
      what: `${kind.name}: everything but the raw archive`,
      value: otherBytes / readings,
      unit: 'bytes/reading',
      aim: { most: 40 },
      note: `tables hold ${(used / readings).toFixed(1)} (${['log', 'readings', 'intervals', 'slots', 'groups'].map(table).join(', ')}), the working file ${(workingBytes / readings).toFixed(1)}: pages that folding and commits freed are used again, not given back`
    }
  ]
}

const MB = 1e6

const memory = async (folder: string, { points, sensors, blocks }: NonNullable<Sizes['memory']>): Promise<Figure[]> => {
  const files = join(folder, 'large')
  const readings = writeCurves(files, points) + writeBlocks(files, 16, sensors, blocks)
  const task: Task = { files, data: join(folder, 'data'), order: 'time', questions: [], measureDisk: false }
  const outcome = await child(task, false)
  rmSync(files, { recursive: true })
  if (outcome.readings !== readings) throw new Error(`Made ${readings} readings, imported ${outcome.readings}.`)
  const part = 'Memory'
  const of = `import of ${(readings / 1e6).toFixed(1)} M readings`
  const peer = { name: 'the same process before it', value: outcome.idleBytes / MB }
  return [
    {
      part,
      what: `${of}, peak of everything in memory`,
      value: outcome.rssBytes / MB,
      unit: 'MB',
      aim: { most: 400 },
      peer,
      note: 'pages of the working file, which LMDB maps, count here; the kernel takes them back when it needs them'
    },
    ...(outcome.anonBytes > 0
      ? [
          {
            part,
            what: `${of}, peak of what the process holds itself`,
            value: outcome.anonBytes / MB,
            unit: 'MB',
            aim: { most: 400 },
            peer
          }
        ]
      : []),
    { part: 'Import, end to end', what: `${of}, F5D and tmpo, all cores`, value: readings / outcome.seconds, unit: 'readings/s' }
  ]
}

const month = (point: string, register: string, grid: string): string =>
  `/v1/series?${new URLSearchParams({ point, register, grid, from: '2024-01-03', to: '2024-02-03' })}`

const kindsOf = (folder: string, sizes: Sizes): Kind[] => {
  const curves = join(folder, 'f5d')
  const blocks16 = join(folder, 'tmpo-16')
  const blocks20 = join(folder, 'tmpo-20')
  const days = (sizes.blocks * 2 ** 16) / 86_400
  const per20 = Math.max(1, Math.floor(sizes.blocks / 16))
  const ofSensor = `flukso/${sidOf(0)}`
  const hours = 31 * 24
  return [
    {
      name: `F5D, ${sizes.points} supply points, ${sizes.months} months`,
      files: curves,
      readings: writeCurves(curves, sizes.points, sizes.months),
      questions: [{ path: month(cupsOf(0), '1.8.0', 'PT1H'), rows: hours }]
    },
    {
      name: `tmpo level 16, ${sizes.sensors} sensors, ${Math.floor(days)} days`,
      files: blocks16,
      readings: writeBlocks(blocks16, 16, sizes.sensors, sizes.blocks),
      questions:
        days > 34
          ? [
              { path: month(ofSensor, '1.8.0', 'PT1H'), rows: hours },
              { path: month(ofSensor, '1.8.0', 'PT15M'), rows: hours * 4 }
            ]
          : []
    },
    {
      name: `tmpo level 20, ${sizes.sensors} sensors, ${Math.floor((per20 * 2 ** 20) / 86_400)} days`,
      files: blocks20,
      readings: writeBlocks(blocks20, 20, sizes.sensors, per20),
      questions: []
    }
  ]
}

export const imports = async (folder: string, sizes: Sizes, say: (text: string) => void): Promise<Figure[]> => {
  const figures: Figure[] = []
  for (const kind of kindsOf(folder, sizes)) {
    say(kind.name)
    const ordered = await importing(folder, kind, 'time', sizes.runs, true)
    const shuffled = sizes.shuffled.some((name) => kind.name.includes(name)) ? await importing(folder, kind, 'shuffled', 1) : []
    figures.push(...speed(kind, ordered, shuffled), ...answers(kind, ordered), ...disk(kind, ordered))
  }
  if (sizes.memory) {
    say('memory')
    figures.push(...(await memory(folder, sizes.memory)))
  }
  return figures
}
