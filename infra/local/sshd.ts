import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { accepts, type Engine, freePorts, startProgram } from './engine.js'

const run = promisify(execFile)
const PROGRAM = '/usr/sbin/sshd'

/** Whether this machine has OpenSSH's server. */
export const hasSshd = (): boolean => existsSync(PROGRAM)

export interface LocalSshd extends Engine {
  readonly port: number
  readonly user: string
  /** Private key that may log in. */
  readonly key: string
  /** Fingerprint of the server's key: `SHA256:…`. */
  readonly hostKey: string
  /** Folder for files. */
  readonly upload: string
}

const keyPair = async (path: string): Promise<void> => {
  if (!existsSync(path)) await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path])
}

/** OpenSSH on loopback that takes files by SFTP from this user, by key; its keys lie in `folder`. Default port: one that is free. */
export const startSshd = async (folder: string, given?: { port: number }): Promise<LocalSshd> => {
  const [port] = given ? [given.port] : await freePorts(1)
  const [hostKey, clientKey, authorized, upload] = ['host', 'client', 'authorized', 'upload'].map((name) => join(folder, name))
  await mkdir(upload, { recursive: true })
  await keyPair(hostKey)
  await keyPair(clientKey)
  await writeFile(authorized, await readFile(`${clientKey}.pub`))
  await chmod(authorized, 0o600)
  // As root it wants a folder to lock its unprivileged half into.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const settings = {
    ListenAddress: `127.0.0.1:${port}`,
    HostKey: hostKey,
    AuthorizedKeysFile: authorized,
    PidFile: 'none',
    PasswordAuthentication: 'no',
    PermitRootLogin: 'prohibit-password',
    // The folder of a test is nobody's home.
    StrictModes: 'no',
    UsePAM: 'no',
    Subsystem: 'sftp internal-sftp'
  }
  const file = join(folder, 'sshd_config')
  await writeFile(
    file,
    `${Object.entries(settings)
      .map((pair) => pair.join(' '))
      .join('\n')}\n`
  )
  const { stdout: printed } = await run('ssh-keygen', ['-lf', `${hostKey}.pub`])
  const engine = await startProgram({
    name: 'sshd',
    command: PROGRAM,
    args: ['-D', '-e', '-f', file],
    folder,
    answers: () => accepts(port)
  })
  return { ...engine, port, user: userInfo().username, key: await readFile(clientKey, 'utf8'), hostKey: printed.split(' ')[1], upload }
}
