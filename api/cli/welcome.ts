import { join, resolve } from 'node:path'
import type { Settings } from '../../schemas/settings.js'
import { signInLink } from '../access/codes.js'
import { OWNER } from '../access/own-token.js'
import type { Access, UploadSummary } from '../deps.js'

const START_LINK_MS = 86_400_000

/** For people at a screen: what signs somebody in is not said where lines are kept (--json). */
export const welcome = (
  access: Access,
  addresses: readonly string[],
  settings: Settings,
  folders: readonly string[],
  samples: boolean
): string => {
  const invited = access.invite(OWNER, START_LINK_MS)
  return [
    `Wattledger answers at ${addresses.join(', ')}; its data is in ${resolve(settings.data)}.`,
    `Programs send the token in ${join(settings.data, 'token')}, as "authorization: Bearer …".`,
    samples
      ? 'No settings file: a demo, with sample files and a made-up street (docs/demo.md). Write wattledger.yaml to watch your own folders.'
      : `Watching ${folders.join(', ') || 'no folder'}.`,
    `  npx wattledger points${samples ? ' --data ./data/demo' : ''}      what there is`,
    `  ${addresses[0]}/openapi.json   what can be asked`,
    ...(invited ? [`Open ${signInLink(addresses[0], invited.code)} : signs this browser in, once, within 24 hours.`] : [])
  ].join('\n')
}

/** Of a room that answers no questions. */
export const present = (addresses: readonly string[], folders: readonly string[]): string =>
  [`Running; /healthz, /readyz and /metrics are at ${addresses.join(', ')}.`, ...folders.map((folder) => `Watching ${folder}.`)].join('\n')

/** A line for each file that came in. */
export const arrival = ({ name, source, readings, rejects }: Pick<UploadSummary, 'name' | 'source' | 'readings' | 'rejects'>): string => {
  const refused = rejects.map(({ reason, count }) => `${count} ${reason}`).join(', ')
  return `${new Date().toISOString()}  ${name}  ${source || 'unknown'}  ${readings} readings${refused === '' ? '' : `  rejected: ${refused}`}`
}
