import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Engine, freePorts, startJava } from './engine.js'
import { engineFolder } from './jars.js'

const run = promisify(execFile)

/** The last one that runs on Java 17. */
const VERSION = '3.0.9'

export interface LocalRegistry extends Engine {
  /** Of the Confluent REST API. */
  readonly url: string
}

/** Apicurio Registry on loopback, its schemas in memory. Some 280 MB, ready in ten seconds. */
export const startRegistry = async (folder: string, port?: number): Promise<LocalRegistry> => {
  const jars = await fetchRegistry()
  const [free] = await freePorts(1)
  const url = `http://127.0.0.1:${port ?? free}/apis/ccompat/v7`
  const engine = await startJava({
    name: 'registry',
    jars,
    mainClass: 'io.quarkus.runner.GeneratedMain',
    jvm: [
      '-Xmx384m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Dquarkus.http.host=127.0.0.1',
      `-Dquarkus.http.port=${port ?? free}`,
      '-Dquarkus.log.level=WARN',
      '-Dapicurio.storage.kind=sql'
    ],
    folder,
    answers: () =>
      fetch(`${url}/subjects`).then(
        ({ ok }) => ok,
        () => false
      )
  })
  // Its own default is to compare nothing.
  await fetch(`${url}/config`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ compatibility: 'BACKWARD' })
  })
  return { ...engine, url }
}

/** It is an archive of a program and its jars, not one artifact among its dependencies. */
const fetchRegistry = async (): Promise<string> => {
  const folder = engineFolder(`registry-${VERSION}`)
  if (existsSync(folder)) return folder
  const fetching = `${folder}.${process.pid}`
  await mkdir(fetching, { recursive: true })
  try {
    const artifact = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`
    await run('mvn', ['-B', '-ntp', '-q', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${fetching}`])
    const [archive] = (await readdir(fetching)).filter((name) => name.endsWith('.tar.gz'))
    await run('tar', ['xzf', join(fetching, archive), '-C', fetching])
    await rm(join(fetching, archive))
    await rename(fetching, folder).catch((error) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(fetching, { recursive: true, force: true })
  }
  return folder
}
