import { auth, Client, type ClientOptions, types } from 'cassandra-driver'
import type { Wire } from '../../schemas/wire.js'
import { Refused } from '../errors.js'
import { translated } from './failures.js'
import { migrate } from './migrate.js'
import { Session } from './session.js'
import { CassandraStore } from './store.js'

export interface CassandraSettings {
  /** `host:port`; some nodes, the others are found. */
  contactPoints: readonly string[]
  /** The data centre this process runs in, as the nodes call it. */
  dataCenter: string
  /** Made when missing. Lower-case letters, digits, underscores. */
  keyspace: string
  /** Copies of each row in the data centre, when the keyspace is made. */
  replicas: number
  /** Of a role with CREATE, SELECT and MODIFY on the keyspace. */
  login?: { user: string; password: string }
  /** Certificates (PEM) to trust. Absent: not encrypted; empty: those the system trusts. */
  tls?: { ca?: string }
}

const KEYSPACE = /^[a-z][a-z0-9_]{0,47}$/
/** The engine's own limit; a write that waits longer is answered as failed by it anyway. */
const READ_TIMEOUT_MS = 12_000

const optionsOf = ({ contactPoints, dataCenter, login, tls }: CassandraSettings): ClientOptions => ({
  contactPoints: [...contactPoints],
  localDataCenter: dataCenter,
  authProvider: login && new auth.PlainTextAuthProvider(login.user, login.password),
  sslOptions: tls && { rejectUnauthorized: true, ...(tls.ca ? { ca: [tls.ca] } : {}) },
  queryOptions: { consistency: types.consistencies.localQuorum, serialConsistency: types.consistencies.localSerial },
  socketOptions: { readTimeout: READ_TIMEOUT_MS }
})

export const openCassandra = async (settings: CassandraSettings, wire: Wire): Promise<CassandraStore> =>
  new CassandraStore(await openSession(settings), wire)

/** Connects, and makes or upgrades the tables. Rejects with Unavailable (may be tried again) or Refused (settings are wrong). */
export const openSession = async (settings: CassandraSettings): Promise<Session> => {
  const { keyspace } = settings
  if (!KEYSPACE.test(keyspace))
    throw new Refused(`The keyspace "${keyspace}" has to be lower-case letters, digits and underscores, at most 48, a letter first.`)
  await makeKeyspace(settings)
  const client = new Client({ ...optionsOf(settings), keyspace })
  await connected(client)
  try {
    await migrate(client)
  } catch (error) {
    await client.shutdown()
    throw error
  }
  return new Session(client)
}

const makeKeyspace = async (settings: CassandraSettings): Promise<void> => {
  const { keyspace, dataCenter, replicas } = settings
  const replication = `{'class': 'NetworkTopologyStrategy', '${dataCenter.replaceAll("'", "''")}': ${Math.trunc(replicas)}}`
  const client = new Client(optionsOf(settings))
  await connected(client)
  try {
    await client.execute(`CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = ${replication}`)
  } catch (error) {
    throw translated(error)
  } finally {
    await client.shutdown()
  }
}

const connected = async (client: Client): Promise<void> => {
  try {
    await client.connect()
  } catch (error) {
    await client.shutdown()
    throw translated(error)
  }
}
