import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { javaPath } from './jars.js'

const run = promisify(execFile)

export interface NodeKeys {
  /** Path of a PKCS12 key store with the node's own key, under the alias `node`. */
  store: string
  password: string
  /** PEM to trust, for clients. */
  certificate: string
}

/** Of a key store that lies in the data folder of a node nobody else reaches. */
const STORE_PASSWORD = 'changeit'

/** Keys for TLS of an engine on localhost and 127.0.0.1, in its `folder`; made when missing, with a certificate that vouches for itself. */
export const nodeKeys = async (folder: string): Promise<NodeKeys> => {
  const keys = join(folder, 'node.p12')
  const keytool = join(dirname(await javaPath()), 'keytool')
  const store = ['-alias', 'node', '-keystore', keys, '-storepass', STORE_PASSWORD]
  if (!existsSync(keys)) {
    const names = ['-dname', 'CN=localhost', '-ext', 'san=dns:localhost,ip:127.0.0.1']
    const key = ['-keyalg', 'RSA', '-keysize', '2048', '-validity', '365', '-storetype', 'PKCS12']
    await run(keytool, ['-genkeypair', ...key, ...names, ...store])
  }
  const { stdout: certificate } = await run(keytool, ['-exportcert', '-rfc', ...store])
  return { store: keys, password: STORE_PASSWORD, certificate }
}
