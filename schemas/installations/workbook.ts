import { PERSON } from '../access.js'
import type { Installation, Member } from '../generated.js'
import type { Finding } from './finding.js'
import {
  type Counting,
  checkMembers,
  INSTALLATION_ID,
  isSensorId,
  pointOfSensor,
  registerOfLabel,
  sensorOf,
  type Written
} from './members.js'
import { ACCESS_TAB, CAPTIONS_TAB, COLUMNS, type Line, type Lines, linesOf, SENSORS_TAB, type Tab } from './tabs.js'

/** What a configuration workbook says, without its tokens' being shown anywhere. */
export interface Workbook {
  /** By id. */
  installations: Map<string, Stated>
  /** By sensor id. */
  tokens: Map<string, string>
  /** Installations by login. */
  access: Map<string, string[]>
}

export interface Stated {
  /** Null: the tab of captions does not name it. */
  caption: string | null
  members: Member[]
}

const MAX_TEXT = 200
const FACTORS = { Network: 'tot', Prod: 'prod', VE: 've', Cons: 'cons' } as const
type Factor = keyof typeof FACTORS

/**
 * The content of a workbook, with all that is wrong with it: with an error among the findings, the content is not to be used.
 * `counting`: registers that the ledger knows. Findings hold no token.
 */
export const readWorkbook = (tabs: readonly Tab[], counting: readonly Counting[] = []): { workbook: Workbook; findings: Finding[] } => {
  const { lines, findings: amiss } = linesOf(tabs)
  // Without one of its tabs, most of what could be said of the others would be wrong.
  if (amiss.length > 0) return { workbook: nothing(), findings: amiss }
  const reader = new Reader(lines)
  const words = { tab: SENSORS_TAB, label: 'Function', sensor: 'SensorId' }
  const findings = [...reader.findings, ...checkMembers(reader.written, counting, words)]
  return { workbook: reader.workbook, findings: findings.sort(byPlace) }
}

const nothing = (): Workbook => ({ installations: new Map(), tokens: new Map(), access: new Map() })

const byPlace = (a: Finding, b: Finding): number => TAB_ORDER.indexOf(a.tab) - TAB_ORDER.indexOf(b.tab) || a.row - b.row
const TAB_ORDER: readonly string[] = Object.keys(COLUMNS)

class Reader {
  readonly findings: Finding[] = []
  readonly written: Written[] = []
  readonly workbook = nothing()
  readonly #tokenRows = new Map<string, number>()

  constructor(lines: Lines) {
    for (const line of lines[SENSORS_TAB]) this.#sensor(line)
    for (const line of lines[CAPTIONS_TAB]) this.#caption(line)
    for (const line of lines[ACCESS_TAB]) this.#access(line)
  }

  #found(level: Finding['level'], tab: string, row: number, column: string, message: string, mend: string): void {
    this.findings.push({ level, tab, row, column, message, mend })
  }

  #sensor(line: Line<typeof SENSORS_TAB>): void {
    const { row, cell } = line
    const before = this.findings.length
    const installation = this.#installation(SENSORS_TAB, row, cell('InstallationId'))
    const sid = cell('SensorId').toLowerCase()
    if (!isSensorId(sid)) this.#notHex(row, 'SensorId', `found ${said(cell('SensorId'))}`)
    this.#token(row, sid, cell('Token').toLowerCase())
    const member: Member = {
      point: pointOfSensor(sid),
      register: registerOfLabel(cell('Function')),
      tot: 0,
      prod: 0,
      ve: 0,
      cons: 0,
      label: this.#text(row, 'Function', cell('Function')),
      device: this.#text(row, 'FlmId', cell('FlmId')),
      startDate: this.#text(row, 'StartDate', cell('StartDate'))
    }
    for (const column of Object.keys(FACTORS) as Factor[]) member[FACTORS[column]] = this.#factor(row, column, cell(column))
    if (installation === '' || !isSensorId(sid) || this.findings.length > before) return
    this.#stated(installation).members.push(member)
    this.written.push({ installation, member, row })
  }

  #stated(installation: string): Stated {
    const stated = this.workbook.installations.get(installation) ?? { caption: null, members: [] }
    this.workbook.installations.set(installation, stated)
    return stated
  }

  #installation(tab: string, row: number, id: string): string {
    if (INSTALLATION_ID.test(id)) return id
    const mend = 'Write letters, digits and . _ -, at most 64, such as HOME01.'
    this.#found('error', tab, row, 'InstallationId', `expected the id of an installation, found ${said(id)}`, mend)
    return ''
  }

  /** A token is never shown: that it is wrong must do. */
  #token(row: number, sid: string, token: string): void {
    if (token === '') return
    if (!isSensorId(token)) return this.#notHex(row, 'Token', 'found something else')
    const other = this.workbook.tokens.get(sid)
    if (other !== undefined && other !== token) {
      const mend = 'Keep the right one in both rows.'
      this.#found('error', SENSORS_TAB, row, 'Token', `row ${this.#tokenRows.get(sid)} has another token for this sensor`, mend)
    }
    this.workbook.tokens.set(sid, token)
    this.#tokenRows.set(sid, row)
  }

  #notHex(row: number, column: string, found: string): void {
    const mend = 'Copy it from the configuration of the device, and format the column as text.'
    this.#found('error', SENSORS_TAB, row, column, `expected 32 hexadecimal digits, ${found}`, mend)
  }

  #factor(row: number, column: Factor, text: string): number {
    const factor = text === '' ? 0 : Number(text)
    if (factor === -1 || factor === 0 || factor === 1) return factor + 0
    this.#found(
      'error',
      SENSORS_TAB,
      row,
      column,
      `expected -1, 0, 1 or nothing, found ${said(text)}`,
      'Leave it empty where it does not count.'
    )
    return 0
  }

  #text(row: number, column: string, text: string): string {
    if (text.length > MAX_TEXT)
      this.#found('error', SENSORS_TAB, row, column, `expected at most ${MAX_TEXT} characters, found ${text.length}`, 'Shorten it.')
    return text
  }

  #caption({ row, cell }: Line<typeof CAPTIONS_TAB>): void {
    const installation = this.#installation(CAPTIONS_TAB, row, cell('InstallationId'))
    const caption = cell('Caption')
    if (caption.length > MAX_TEXT) {
      const message = `expected at most ${MAX_TEXT} characters, found ${caption.length}`
      this.#found('error', CAPTIONS_TAB, row, 'Caption', message, 'Shorten it.')
    }
    if (installation === '') return
    const stated = this.#stated(installation)
    if (stated.caption !== null) {
      const message = `${installation} has a caption already`
      this.#found('error', CAPTIONS_TAB, row, 'InstallationId', message, 'Keep one of the two rows.')
    }
    stated.caption = caption
  }

  #access({ row, cell }: Line<typeof ACCESS_TAB>): void {
    const login = cell('Login')
    const installation = this.#installation(ACCESS_TAB, row, cell('InstallationId'))
    if (!PERSON.test(login)) {
      const mend = 'Write letters, digits and . _ @ -, at most 64.'
      this.#found('error', ACCESS_TAB, row, 'Login', `expected a name, found ${said(login)}`, mend)
      return
    }
    if (installation === '') return
    const named = this.workbook.access.get(login) ?? []
    if (!named.includes(installation)) this.workbook.access.set(login, [...named, installation])
    if ((this.workbook.installations.get(installation)?.members.length ?? 0) > 0) return
    const mend = `Add its sensors in ${SENSORS_TAB}, or correct the id; until then there is nothing to see.`
    this.#found('warning', ACCESS_TAB, row, 'InstallationId', `${installation} has no sensors`, mend)
  }
}

const said = (text: string): string => (text === '' ? 'nothing' : `"${text.slice(0, 60)}"`)

/** The same three tabs again, without tokens. Only sensors of Fluksometers can stand in them. */
export const workbookTabs = (installations: readonly Installation[], access: ReadonlyMap<string, readonly string[]>): Tab[] => {
  const factor = (figure: number) => (figure === 0 ? '' : String(figure))
  const sensors = installations.flatMap(({ installation, members }) =>
    members.flatMap(({ point, label, device, startDate, tot, prod, cons, ve }) => {
      const sid = sensorOf(point)
      return sid === null ? [] : [[installation, startDate, device, label, factor(tot), factor(prod), factor(cons), factor(ve), sid, '']]
    })
  )
  const people = [...access].flatMap(([login, ids]) => ids.map((id) => [login, id]))
  const captions = installations.filter(({ name }) => name !== '').map(({ installation, name }) => [installation, name])
  const tab = (name: keyof typeof COLUMNS, rows: string[][]): Tab => ({ name, rows: [[...COLUMNS[name]], ...rows] })
  return [tab(SENSORS_TAB, sensors), tab(ACCESS_TAB, people), tab(CAPTIONS_TAB, captions)]
}
