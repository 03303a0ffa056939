import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CassandraSettings } from '../../infra/cassandra/open.js'
import { type CassandraNode, DATA_CENTER, startCassandra } from '../../infra/local/cassandra.js'

export interface CassandraRig {
  /** PEM, of a secure node. */
  certificate: string
  /** SIGKILL. */
  kill(): Promise<void>
  /** Again, on the same data and address. */
  restart(): Promise<void>
  /** Settings of a keyspace that nobody else uses. */
  settings(): CassandraSettings
  close(): Promise<void>
}

/** One node for a test file. */
export const cassandraRig = async (options: Parameters<typeof startCassandra>[1] = {}): Promise<CassandraRig> => {
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-cassandra-'))
  let node: CassandraNode = await startCassandra(folder, options)
  const { address, certificate } = node
  let keyspaces = 0
  return {
    certificate,
    kill: () => node.kill(),
    async restart() {
      node = await startCassandra(folder, { ...options, port: Number(address.split(':')[1]) })
    },
    settings: () => ({ contactPoints: [address], dataCenter: DATA_CENTER, keyspace: `ledger_${++keyspaces}`, replicas: 1 }),
    async close() {
      await node.stop()
      rmSync(folder, { recursive: true })
    }
  }
}
