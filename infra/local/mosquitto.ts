import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { accepts, type Engine, freePorts, startProgram } from './engine.js'

const run = promisify(execFile)

/** Debian puts it where only an administrator's PATH looks. */
const PLACES = [
  '/usr/sbin/mosquitto',
  '/usr/local/sbin/mosquitto',
  '/usr/bin/mosquitto',
  '/usr/local/bin/mosquitto',
  '/opt/homebrew/sbin/mosquitto'
]

export const mosquittoPath = (): string | null => PLACES.find((path) => existsSync(path)) ?? null

export interface Mosquitto extends Engine {
  /** mqtt://127.0.0.1:port, or mqtts:// when it is secure. */
  readonly url: string
  /** PEM to trust, when it is secure. */
  readonly certificate: string
}

export interface MosquittoOptions {
  /** Default: one that is free. */
  port?: number
  /** Who may come in; absent: everybody. */
  login?: { user: string; password: string }
  /** TLS, with a certificate that vouches for itself; needs openssl. */
  secure?: boolean
}

/** A real broker on loopback, ready at once; Debian: apt-get install mosquitto. */
export const startMosquitto = async (folder: string, { port, login, secure = false }: MosquittoOptions = {}): Promise<Mosquitto> => {
  const command = mosquittoPath()
  if (command === null) throw new Error('There is no mosquitto on this machine (Debian: apt-get install mosquitto).')
  await mkdir(folder, { recursive: true })
  const [free] = await freePorts(1)
  const listening = port ?? free
  const settings = [`listener ${listening} 127.0.0.1`, 'persistence false', 'log_dest stdout', `allow_anonymous ${login === undefined}`]
  // As root it becomes somebody else, who cannot read what lies here.
  if (process.getuid?.() === 0) settings.push('user root')
  if (login) settings.push(`password_file ${await passwords(folder, login)}`)
  const keys = secure ? await keysIn(folder) : null
  if (keys) settings.push(`certfile ${keys.certificate}`, `keyfile ${keys.key}`)
  await writeFile(join(folder, 'mosquitto.conf'), `${settings.join('\n')}\n`)
  const engine = await startProgram({
    name: 'mosquitto',
    command,
    args: ['-c', join(folder, 'mosquitto.conf')],
    folder,
    answers: () => accepts(listening)
  })
  return {
    ...engine,
    url: `${secure ? 'mqtts' : 'mqtt'}://127.0.0.1:${listening}`,
    certificate: keys ? await readFile(keys.certificate, 'utf8') : ''
  }
}

const passwords = async (folder: string, { user, password }: { user: string; password: string }): Promise<string> => {
  const path = join(folder, 'passwords')
  await writeFile(path, `${user}:${password}\n`, { mode: 0o600 })
  await run('mosquitto_passwd', ['-U', path])
  return path
}

const keysIn = async (folder: string) => {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  if (!existsSync(key))
    await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '365', '-keyout', key, '-out', certificate, ...names])
  return { key, certificate }
}
