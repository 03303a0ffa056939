import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const RESULTS = fileURLToPath(new URL('../../bench/results.md', import.meta.url))
/** What stands behind this line is the cluster's, what stands before it everything else: each run replaces its own. */
const CLUSTER = '# Cluster\n'

const read = (): { embedded: string; cluster: string } => {
  const text = existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : ''
  const at = `\n${text}`.indexOf(`\n${CLUSTER}`)
  return at < 0 ? { embedded: text, cluster: '' } : { embedded: text.slice(0, at), cluster: text.slice(at + CLUSTER.length) }
}

const write = ({ embedded, cluster }: ReturnType<typeof read>): void =>
  writeFileSync(RESULTS, cluster === '' ? embedded : `${embedded.trimEnd()}\n\n${CLUSTER}\n${cluster.trimStart()}`)

export const writeEmbedded = (embedded: string): void => write({ ...read(), embedded })
export const writeCluster = (cluster: string): void => write({ ...read(), cluster })
