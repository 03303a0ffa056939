import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { engineFolder } from './jars.js'

const run = promisify(execFile)

const VERSION = 'v2.7.12'
const MODULE = `github.com/influxdata/influxdb/v2@${VERSION}`
const OUTPUT_BYTES = 64 * 1024 * 1024

const GO = 23
const TOOLS = {
  go: `Go 1.${GO} or newer (https://go.dev/dl)`,
  cargo: 'Rust (https://rustup.rs)',
  cc: 'a C compiler (Debian: apt-get install gcc libc6-dev)',
  'pkg-config': 'pkg-config (Debian: apt-get install pkg-config)'
} as const

/** Path of the InfluxDB server: built from its Go module, once, in ten minutes of two cores, and kept with the other engines. */
export const influxdPath = async (): Promise<string> => {
  const path = join(engineFolder(`influxdb-${VERSION}`), 'influxd')
  if (!existsSync(path)) await build(path)
  return path
}

const build = async (path: string): Promise<void> => {
  await checkTools()
  const folder = await mkdtemp(join(tmpdir(), 'wattledger-influxd-'))
  try {
    const env = { ...process.env, GOFLAGS: '-buildvcs=false -modcacherw' }
    const go = async (args: readonly string[], more: NodeJS.ProcessEnv = {}, cwd = folder): Promise<string> => {
      const { stdout } = await run('go', args, { cwd, env: { ...env, ...more }, maxBuffer: OUTPUT_BYTES }).catch(
        (cause: { stderr?: string }) => {
          throw new Error(`InfluxDB ${VERSION} could not be built: go ${args[0]} failed. ${cause.stderr?.slice(-2000)}`, { cause })
        }
      )
      return stdout
    }
    // `go install` refuses modules that replace others, so it is built in a copy, which keeps its checksums.
    const { Dir } = JSON.parse(await go(['mod', 'download', '-json', MODULE]))
    const source = join(folder, 'source')
    await cp(Dir, source, { recursive: true })
    await run('chmod', ['-R', 'u+w', source])
    // Theirs finds the Rust parts and has cargo build them; it asks the real one for the rest.
    const tools = join(folder, 'tools')
    const finder = 'github.com/influxdata/pkg-config'
    const version = (await go(['list', '-m', '-f', '{{.Version}}', finder], {}, source)).trim()
    await go(['install', `${finder}@${version}`], { GOBIN: tools })
    // It denies all warnings, and newer compilers have more of them.
    const lenient = join(tools, 'rustc-lenient')
    await writeFile(lenient, '#!/bin/sh\nexec "$@" --cap-lints warn\n')
    await chmod(lenient, 0o755)
    const rust = { RUSTC_WRAPPER: lenient, PKG_CONFIG: join(tools, 'pkg-config'), ...(await installedToolchain()) }
    const built = `${path}.${process.pid}`
    await mkdir(dirname(path), { recursive: true })
    const flags = ['-tags', 'sqlite_foreign_keys,sqlite_json', '-ldflags', `-s -w -X main.version=${VERSION}`]
    await go(['build', ...flags, '-o', built, './cmd/influxd'], rust, source)
    await rename(built, path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const checkTools = async (): Promise<void> => {
  for (const [tool, name] of Object.entries(TOOLS)) {
    await run('which', [tool]).catch(() => {
      throw new Error(`InfluxDB ${VERSION} has to be built once, and ${tool} is not here: install ${name}.`)
    })
  }
  const { stdout } = await run('go', ['env', 'GOVERSION'])
  if (Number(/^go1\.(\d+)/.exec(stdout)?.[1] ?? 0) < GO)
    throw new Error(`InfluxDB ${VERSION} has to be built once, and ${stdout.trim()} is too old for it: install ${TOOLS.go}.`)
}

/** Its sources pin an old compiler, which rustup would fetch. */
const installedToolchain = async (): Promise<NodeJS.ProcessEnv> => {
  try {
    const { stdout } = await run('rustup', ['default'])
    return { RUSTUP_TOOLCHAIN: stdout.split(' ')[0] }
  } catch {
    return {}
  }
}
