import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Maven coordinates, `group:artifact:version`, of a program, with `group:artifact` of what it names but does not need. */
export interface Artifact {
  coordinates: string
  without?: readonly string[]
}

const JAVA = 17
/** Where an engine is kept, unless the environment names another place for all in WATTLEDGER_ENGINES. */
export const engineFolder = (name: string): string => join(process.env.WATTLEDGER_ENGINES ?? join(homedir(), '.cache', 'wattledger'), name)

/** Folder of the jars of a program and all it needs; fetched once. `name` carries the version: another version is another folder. */
export const fetchJars = async (name: string, artifacts: readonly Artifact[]): Promise<string> => {
  const folder = engineFolder(name)
  if (existsSync(folder)) return folder
  const fetching = `${folder}.${process.pid}`
  await mkdir(fetching, { recursive: true })
  try {
    const pom = join(fetching, 'pom.xml')
    await writeFile(pom, pomOf(artifacts))
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${fetching}`]
    await run('mvn', ['-B', '-ntp', '-q', '-f', pom, ...goal]).catch((cause: { code?: unknown; stdout?: string }) => {
      if (cause.code === 'ENOENT')
        throw new Error('Maven is not here, and the engine has to be fetched: install it (Debian: apt-get install maven).', { cause })
      throw new Error(`Maven could not fetch ${name}: ${cause.stdout?.trim()}`, { cause })
    })
    // Two that fetch at once both have all of it: the first to be named wins.
    await rename(fetching, folder).catch((error) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(fetching, { recursive: true, force: true })
  }
  return folder
}

/** The Java to run engines with. Rejects when there is none, or an older one. */
export const javaPath = async (): Promise<string> => {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java'
  const advice = `Install Java ${JAVA} (Debian: apt-get install openjdk-${JAVA}-jre-headless), or point JAVA_HOME to one.`
  const { stderr } = await run(java, ['-version']).catch((cause) => {
    throw new Error(`Java is not here, and the engines run on it. ${advice}`, { cause })
  })
  const version = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0)
  if (version < JAVA) throw new Error(`The engines need Java ${JAVA} or newer, and ${java} is ${version}. ${advice}`)
  return java
}

const pomOf = (artifacts: readonly Artifact[]): string => {
  const dependency = ({ coordinates, without = [] }: Artifact): string => {
    const [group, artifact, version] = coordinates.split(':')
    const exclusions = without.map((each) => {
      const [group, artifact] = each.split(':')
      return `<exclusion><groupId>${group}</groupId><artifactId>${artifact}</artifactId></exclusion>`
    })
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>
      <exclusions>${exclusions.join('')}</exclusions></dependency>`
  }
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>engine</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>${artifacts.map(dependency).join('\n')}</dependencies>
</project>
`
}
