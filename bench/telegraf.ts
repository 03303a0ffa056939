import { execFile, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { engineFolder } from '../infra/local/jars.js'

const run = promisify(execFile)

const VERSION = '1.37.2'
const MODULE = `github.com/influxdata/telegraf/cmd/telegraf@v${VERSION}`
/** All its plugins take ten minutes to build. */
const PLUGINS = ['inputs.kafka_consumer', 'outputs.influxdb_v2', 'parsers.influx']

export const TELEGRAF = `Telegraf ${VERSION}, a line a message`

/** Path of the program: built from its Go module, once, in some minutes, and kept with the engines. */
export const buildTelegraf = async (): Promise<string> => {
  const folder = engineFolder(`telegraf-${VERSION}`)
  const path = join(folder, 'telegraf')
  if (existsSync(path)) return path
  const building = `${folder}.${process.pid}`
  await mkdir(building, { recursive: true })
  try {
    const flags = ['-tags', ['custom', ...PLUGINS].join(','), '-ldflags', '-s -w']
    await run('go', ['install', ...flags, MODULE], { env: { ...process.env, GOBIN: building, GOFLAGS: '-buildvcs=false' } }).catch(
      (cause: { stderr?: string }) => {
        throw new Error(`Telegraf ${VERSION} could not be built: ${cause.stderr?.slice(-2000) || 'is Go installed? (https://go.dev/dl)'}`)
      }
    )
    await rename(building, folder).catch((error) => {
      if (!existsSync(path)) throw error
    })
  } finally {
    await rm(building, { recursive: true, force: true })
  }
  return path
}

export interface TelegrafJob {
  folder: string
  brokers: readonly string[]
  topic: string
  group: string
  url: string
  token: string
  org: string
  bucket: string
  batchLines: number
}

/** With its default of a thousand undelivered messages it would wait for each flush. */
const UNDELIVERED = 50_000

const configOf = ({ brokers, topic, group, url, token, org, bucket, batchLines }: TelegrafJob): string => `[agent]
  interval = "1s"
  flush_interval = "1s"
  metric_batch_size = ${batchLines}
  metric_buffer_limit = 400000
  omit_hostname = true
[[inputs.kafka_consumer]]
  brokers = ${JSON.stringify(brokers)}
  topics = ["${topic}"]
  consumer_group = "${group}"
  offset = "oldest"
  kafka_version = "2.8.0"
  max_undelivered_messages = ${UNDELIVERED}
  data_format = "influx"
  influx_timestamp_precision = "1ms"
[[outputs.influxdb_v2]]
  urls = ["${url}"]
  token = "${token}"
  organization = "${org}"
  bucket = "${bucket}"
`

/** What Linux counts CPU time in. */
const TICKS_PER_SECOND = 100

/** CPU seconds of a process so far (proc(5): utime and stime follow the name in brackets). */
const cpuSecondsOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Runs it until `isDone`; CPU seconds that it took. Rejects when it ends before. */
export const runTelegraf = async (path: string, job: TelegrafJob, isDone: () => Promise<boolean>): Promise<number> => {
  const config = join(job.folder, `${job.group}.conf`)
  writeFileSync(config, configOf(job))
  const child = spawn(path, ['--config', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (text) => {
    said = `${said}${text}`.slice(-2000)
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  try {
    while (!(await isDone())) {
      if (child.exitCode !== null) throw new Error(`Telegraf ended: ${said}`)
      await sleep(100)
    }
    return cpuSecondsOf(child.pid!)
  } finally {
    child.kill()
    await ended
  }
}
