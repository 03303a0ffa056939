/** One import in a process of its own, so that its memory and CPU time are its own. Takes a Task as JSON, prints an Outcome as JSON. */
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openEmbedded } from '../infra/lmdb/open.js'
import { openPlatform, type Platform } from '../main.js'
import { findFiles, inTimeOrder } from '../producers/folder.js'
import { sources } from '../producers/index.js'
import { Settings } from '../schemas/settings.js'
import { median } from './figure.js'
import { shuffled } from './made-up.js'

export interface Task {
  files: string
  data: string
  order: 'time' | 'shuffled'
  /** Questions to ask afterwards, as paths of the API; answers must hold so many rows. */
  questions: { path: string; rows: number }[]
  /** Fold closed days and say what is stored. */
  measureDisk: boolean
}

export interface Outcome {
  readings: number
  /** From the first byte read until the API answers with the slots. */
  seconds: number
  cpuSeconds: number
  /** Peak of everything in memory, the pages of the working file that the kernel keeps mapped among it. */
  rssBytes: number
  /** Peak of what the process itself holds; 0 where the system does not tell. */
  anonBytes: number
  idleBytes: number
  /** Milliseconds of each question, median: as imported, and after closed days are folded (empty when they were not). */
  asked: number[]
  askedFolded: number[]
  /** The shortest answer the API can give. */
  floorMs: number
  foldSeconds: number
  sizes: Record<string, number>
  workingBytes: number
  otherBytes: number
}

const TIMES = 40

const anonBytes = (): number => {
  try {
    const [, kilobytes] = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    return Number(kilobytes ?? 0) * 1024
  } catch {
    return 0
  }
}

const ask = async ({ app, token }: Platform, path: string): Promise<string> => {
  const { statusCode, body } = await app.inject({ method: 'GET', url: path, headers: { authorization: `Bearer ${token}` } })
  if (statusCode !== 200) throw new Error(`${path} was answered with ${statusCode}: ${body}`)
  return body
}

const askRows = async (platform: Platform, { path, rows }: Task['questions'][number]): Promise<void> => {
  const found = JSON.parse(await ask(platform, path)).rows.length
  if (found !== rows) throw new Error(`${path} should have ${rows} rows, and has ${found}.`)
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const times: number[] = []
  for (let i = 0; i < TIMES; i++) {
    const began = performance.now()
    await work()
    if (i >= TIMES / 4) times.push(performance.now() - began)
  }
  return median(times)
}

const timedAll = async (platform: Platform, questions: Task['questions']): Promise<number[]> => {
  const times: number[] = []
  for (const { path } of questions) times.push(await timed(() => ask(platform, path)))
  return times
}

const run = async (task: Task): Promise<Outcome> => {
  const found = inTimeOrder(await findFiles(task.files), sources)
  const files = task.order === 'time' ? found : shuffled(found, 11)
  const platform = await openPlatform(Settings.parse({ data: task.data }))
  await platform.settle()
  const idleBytes = process.memoryUsage.rss()
  let mostAnon = 0
  const watch = setInterval(() => {
    mostAnon = Math.max(mostAnon, anonBytes())
  }, 100)
  const began = performance.now()
  const cpu = process.cpuUsage()
  let readings = 0
  for (const { path, name } of files) readings += (await platform.importFile(createReadStream(path), name, { backfill: true })).readings
  await platform.settle()
  for (const question of task.questions) await askRows(platform, question)
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  clearInterval(watch)
  const rssBytes = process.resourceUsage().maxRSS * 1024
  const asked = await timedAll(platform, task.questions)
  const floorMs = await timed(() => ask(platform, '/healthz'))
  const folded = await foldAndMeasure(task, platform)
  return { readings, seconds, cpuSeconds: (user + system) / 1e6, rssBytes, anonBytes: mostAnon, idleBytes, asked, floorMs, ...folded }
}

type Folded = Pick<Outcome, 'askedFolded' | 'foldSeconds' | 'sizes' | 'workingBytes' | 'otherBytes'>

const foldAndMeasure = async (task: Task, platform: Platform): Promise<Folded> => {
  const folded: Folded = { askedFolded: [], foldSeconds: 0, sizes: {}, workingBytes: 0, otherBytes: 0 }
  if (task.measureDisk) {
    const began = performance.now()
    await platform.foldDays()
    folded.foldSeconds = (performance.now() - began) / 1000
    folded.askedFolded = await timedAll(platform, task.questions)
  }
  await platform.close()
  if (!task.measureDisk) return folded
  const { store, close } = await openEmbedded(task.data)
  folded.sizes = Object.fromEntries(await store.sizes())
  await close()
  folded.workingBytes = statSync(join(task.data, 'ledger.mdb')).size
  for (const { name, bytes } of await findFiles(task.data)) if (!name.startsWith('raw')) folded.otherBytes += bytes
  return folded
}

const [, , json] = process.argv
console.log(JSON.stringify(await run(JSON.parse(json))))
