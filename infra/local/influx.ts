import { join } from 'node:path'
import { type Engine, freePorts, startProgram } from './engine.js'
import { influxdPath } from './influx-build.js'

export interface InfluxOptions {
  /** Default: one that is free. */
  port?: number
  /** The operator's; has to be the same whenever this folder is started again. */
  token: string
  /** Made at the first start. */
  org?: string
  bucket?: string
  /** Flags of influxd, `--storage-cache-max-memory-size=…` say. */
  flags?: readonly string[]
}

export interface LocalInflux extends Engine {
  readonly url: string
}

/** InfluxDB 2.7 on loopback, data in `folder`; ready in under a second once it is built. */
export const startInflux = async (
  folder: string,
  { port, token, org = 'local', bucket = 'wattledger', flags = [] }: InfluxOptions
): Promise<LocalInflux> => {
  const [free] = await freePorts(1)
  const url = `http://127.0.0.1:${port ?? free}`
  const engine = await startProgram({
    name: 'influxd',
    command: await influxdPath(),
    args: [
      `--http-bind-address=127.0.0.1:${port ?? free}`,
      `--bolt-path=${join(folder, 'influxd.bolt')}`,
      `--sqlite-path=${join(folder, 'influxd.sqlite')}`,
      `--engine-path=${join(folder, 'engine')}`,
      '--reporting-disabled',
      '--log-level=warn',
      ...flags
    ],
    folder,
    answers: () =>
      fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false
      )
  })
  const { allowed } = (await (await fetch(`${url}/api/v2/setup`)).json()) as { allowed: boolean }
  if (allowed) {
    const first = { username: 'admin', password: token, org, bucket, token, retentionPeriodSeconds: 0 }
    const answer = await fetch(`${url}/api/v2/setup`, { method: 'POST', body: JSON.stringify(first) })
    if (!answer.ok) throw new Error(`InfluxDB could not be set up: ${await answer.text()}`)
  }
  return { ...engine, url }
}
