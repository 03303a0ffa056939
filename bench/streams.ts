import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { engineFolder, javaPath } from '../infra/local/jars.js'
import type { Spent } from './time.js'

const run = promisify(execFile)

const PROJECT = fileURLToPath(new URL('../../bench/peers/streams', import.meta.url))
const SOURCES = join(PROJECT, 'src', 'main', 'java', 'wattledger', 'peer')
/** What its classes are generated from. */
const SCHEMAS = ['readings.avsc', 'intervals.avsc'].map((name) => join(PROJECT, '..', '..', '..', 'schemas', name))

/** As it stands beside our figures; its version is that of pom.xml. */
export const STREAMS = 'Kafka Streams 4.3.1, exactly_once_v2, one thread'

/** Folder of the built program and all it needs, among the engines; another version of it is another folder. */
export const buildStreams = async (): Promise<string> => {
  const hash = createHash('sha256')
  const files = [join(PROJECT, 'pom.xml'), ...SCHEMAS, ...readdirSync(SOURCES).map((name) => join(SOURCES, name))]
  for (const file of files.sort()) hash.update(readFileSync(file))
  const folder = engineFolder(`streams-peer-${hash.digest('hex').slice(0, 12)}`)
  if (existsSync(folder)) return folder
  const building = `${folder}.${process.pid}`
  await mkdir(building, { recursive: true })
  try {
    const goals = ['process-classes', 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${building}`]
    await run('mvn', ['-B', '-ntp', '-q', '-f', join(PROJECT, 'pom.xml'), `-Dbuilt=${building}`, ...goals]).catch(
      (cause: { stdout?: string }) => {
        throw new Error(`Maven could not build ${PROJECT}: ${cause.stdout?.trim() || 'is it installed? (Debian: apt-get install maven)'}`, {
          cause
        })
      }
    )
    // Two that build at once both have all of it: the first to be named wins.
    await rename(building, folder).catch((error) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(building, { recursive: true, force: true })
  }
  return folder
}

const JVM = ['-Xms1g', '-Xmx1g', '-XX:+UseParallelGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']

/** Runs the fold of `built` until all records are in. Arguments as Peer.java names them. */
export const runStreams = async (built: string, args: readonly (string | number)[]): Promise<Spent> => {
  const classes = [join(built, 'classes'), join(built, '*')].join(':')
  const { stdout } = await run(await javaPath(), [...JVM, '-cp', classes, 'wattledger.peer.Peer', ...args.map(String)])
  return JSON.parse(stdout)
}
