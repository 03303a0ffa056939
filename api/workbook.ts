import type { Latest } from '../infra/store.js'
import { hashToken } from '../schemas/access.js'
import type { Installation } from '../schemas/generated.js'
import { diffWorkbook, type From, type InstallationChange } from '../schemas/installations/diff.js'
import type { Finding } from '../schemas/installations/finding.js'
import { type Counting, sensorOf } from '../schemas/installations/members.js'
import { membershipRows } from '../schemas/installations/memberships.js'
import { ACCESS_TAB, SENSORS_TAB, type Tab } from '../schemas/installations/tabs.js'
import { byNameAndTime, currentInstallations } from '../schemas/installations/versions.js'
import { readWorkbook, type Workbook, workbookTabs } from '../schemas/installations/workbook.js'
import { installationOf, pointOfInstallation } from '../schemas/installations.js'
import { whenText } from '../schemas/registry.js'
import { unitRule } from '../schemas/units.js'
import { newToken } from './access/secrets.js'
import type { Access, Deps } from './deps.js'

/** Somebody whom the tab of access gives more than they have. */
export interface Newcomer {
  name: string
  /** Nobody of that name has access yet. */
  isNew: boolean
  /** What they may not see yet. */
  installations: string[]
}

/** What a workbook would do; nothing of it is done yet. */
export interface Plan {
  changes: InstallationChange[]
  findings: Finding[]
  /** Of sensors whose token is new or another. */
  tokens: Map<string, string>
  people: Newcomer[]
}

/** Registers that have shown energy. */
export const countingOf = (latest: readonly Latest[]): Counting[] =>
  latest.flatMap(({ point, register, kind, unit }) =>
    (kind === 'COUNTER' || kind === 'INTERVAL') && unitRule(unit)?.unit === 'Wh' ? [{ point, register }] : []
  )

/** Holds a workbook against what is there. */
export const planWorkbook = async (deps: Deps, tabs: readonly Tab[], from: From): Promise<Plan> => {
  const [current, latest, entries] = await Promise.all([deps.installations.versions(), deps.store.latest(), deps.access.list()])
  const { workbook, findings } = readWorkbook(tabs, countingOf(latest))
  const known = deps.installations.tokens.entries()
  const changes = diffWorkbook(current, workbook, from)
  return {
    changes,
    findings: [...findings, ...laterVersions(current, changes, SENSORS_TAB), ...accessFindings(workbook, entries)],
    tokens: new Map([...workbook.tokens].filter(([sid, token]) => known.get(sid) !== token)),
    people: newcomers(workbook, entries)
  }
}

type Entries = Awaited<ReturnType<Access['list']>>

const installationsOf = (entry: Entries[number]): string[] => entry.grants.flatMap(({ point }) => installationOf(point) ?? [])

/** Access is added and never taken: of who is a reader, or nobody yet, what they lack. */
const newcomers = ({ access }: Workbook, entries: Entries): Newcomer[] =>
  [...access].flatMap(([name, installations]) => {
    const entry = entries.find((each) => each.name === name)
    if (entry && entry.role !== 'reader') return []
    const lacking = installations.filter((id) => !entry || !installationsOf(entry).includes(id))
    return lacking.length === 0 ? [] : [{ name, isNew: !entry, installations: lacking }]
  })

const accessFindings = ({ access }: Workbook, entries: Entries): Finding[] =>
  entries.flatMap((entry): Finding[] => {
    const found = (message: string, mend: string): Finding => ({
      level: 'warning',
      tab: ACCESS_TAB,
      row: 0,
      column: 'Login',
      message,
      mend
    })
    const named = access.get(entry.name)
    if (named && entry.role !== 'reader')
      return [found(`${entry.name} has the role ${entry.role} here and gets no grants`, 'Use another name for the household.')]
    return installationsOf(entry)
      .filter((id) => !named?.includes(id))
      .map((id) =>
        found(
          `${entry.name} may see ${id}, which the tab does not say`,
          `Access is never taken by an import: wattledger access remove ${entry.name} takes it back.`
        )
      )
  })

/** What is changed holds only until the next version: `tab` is where it is written. */
export const laterVersions = (current: readonly Installation[], changes: readonly InstallationChange[], tab: string): Finding[] =>
  changes.flatMap(({ installation, validFrom }): Finding[] => {
    const later = currentInstallations(current).find((row) => row.installation === installation && row.validFrom > validFrom)
    if (!later) return []
    const message = `${installation} has another version from ${whenText(later.validFrom, later.zone)} on, which stays as it is`
    const mend = 'Enter it for that day as well, or take that version back, if it is to hold no longer.'
    return [{ level: 'warning', tab, row: 0, column: '', message, mend }]
  })

/** Enters rows of installations, with what their points have to know before. */
export const enterInstallations = async (deps: Deps, rows: readonly Installation[]): Promise<{ knownAt: number }> =>
  deps.installations.apply(rows, membershipRows(await deps.registry.versions(), rows))

/** Does what was planned; secrets of who is new are in the answer and nowhere else. */
export const enterWorkbook = async (
  deps: Deps,
  { changes, tokens, people }: Plan,
  now: number
): Promise<{ knownAt: number | null; secrets: Map<string, string> }> => {
  deps.installations.tokens.put(tokens)
  const rows = changes.map(({ row }) => row)
  const entered = rows.length === 0 ? null : await enterInstallations(deps, rows)
  const secrets = new Map<string, string>()
  for (const { name, installations } of people) {
    const secret = await openTo(deps.access, name, installations.map(pointOfInstallation), now)
    if (secret !== null) secrets.set(name, secret)
  }
  return { knownAt: entered?.knownAt ?? null, secrets }
}

/** The secret of somebody who had none; null: they are known, and may see more now. Whoever came or went meanwhile, nobody's secret is lost. */
const openTo = async (access: Access, name: string, points: readonly string[], createdAt: number): Promise<string | null> => {
  if (await access.grant(name, points)) return null
  const token = newToken()
  const grants = points.map((point) => ({ who: name, point, from: null, to: null }))
  if (await access.add({ name, role: 'reader', tokenHash: hashToken(token), grants, createdAt })) return token
  await access.grant(name, points)
  return null
}

/** What holds at an instant as a workbook: installations, who may see them, captions; no tokens. */
export const workbookOf = async (deps: Deps, at: number): Promise<Tab[]> => {
  const [rows, entries] = await Promise.all([deps.installations.versions(), deps.access.list()])
  const holding = new Map(
    currentInstallations(rows)
      .filter(({ validFrom }) => validFrom <= at)
      .map((row) => [row.installation, row])
  )
  const readers = entries.filter((entry) => entry.role === 'reader' && installationsOf(entry).length > 0)
  const access = readers.map((entry) => [entry.name, [...new Set(installationsOf(entry))]] as const)
  // Who is a member of nothing has nothing to say there but a caption.
  const shown = [...holding.values()].filter(({ name, members }) => name !== '' || members.some(({ point }) => sensorOf(point) !== null))
  return workbookTabs(shown.sort(byNameAndTime), new Map(access.sort(([a], [b]) => (a < b ? -1 : 1))))
}
