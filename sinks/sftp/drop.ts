import { createHash, timingSafeEqual } from 'node:crypto'
import { posix } from 'node:path'
import SftpClient from 'ssh2-sftp-client'
import { Unavailable } from '../../infra/errors.js'
import type { Sftp } from '../../schemas/settings-outlets.js'

/** A folder of a server, for as long as a connection to it holds. */
export interface Drop {
  /** Resolves when the file stands there whole under its name, in the place of an earlier one. */
  put(name: string, content: string): Promise<void>
  close(): Promise<void>
}

/** What stands where the settings say. */
export interface Credentials {
  privateKey?: string
  password?: string
}

const READY_MS = 20_000
const SAID_CHARACTERS = 200

const fingerprintOf = (key: Buffer): string => `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`

const same = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

/** Rejects with Unavailable, as all of it does, when the server is away, shows another key than the settings name, or refuses us. */
export const openDrop = async ({ host, port, user, hostKeys, folder }: Sftp, credentials: Credentials): Promise<Drop> => {
  const client = new SftpClient('sftp', { error: () => {}, end: () => {}, close: () => {} })
  let shown = ''
  const trouble = (error: unknown): Unavailable => {
    const said = (error as Error).message.slice(0, SAID_CHARACTERS)
    return new Unavailable(`${host}:${port} does not take files: ${said}. See sftp in the settings; what changed is kept and sent later.`)
  }
  try {
    await client.connect({
      host,
      port,
      username: user,
      ...credentials,
      readyTimeout: READY_MS,
      hostVerifier: (key: Buffer) => {
        shown = fingerprintOf(key)
        return hostKeys.some((each) => same(each, shown))
      }
    })
  } catch (error) {
    await client.end().catch(() => {})
    if (shown !== '' && !hostKeys.includes(shown))
      throw new Unavailable(
        `${host}:${port} shows the key ${shown}, which is none of sftp.hostKeys: nothing was sent. Ask its owner whether the key changed.`
      )
    throw trouble(error)
  }
  return {
    put: async (name, content) => {
      const place = posix.join(folder, name)
      const partial = posix.join(folder, `.${name}.part`)
      try {
        await client.put(Buffer.from(content), partial)
        await client.posixRename(partial, place)
      } catch (error) {
        throw trouble(error)
      }
    },
    close: async () => {
      await client.end().catch(() => {})
    }
  }
}
