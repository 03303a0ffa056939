import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { readTabs } from '../../infra/workbook.js'
import { diffWorkbooks, installationChangeText } from '../../schemas/installations/diff.js'
import { type Finding, findingText } from '../../schemas/installations/finding.js'
import { readWorkbook, type Workbook } from '../../schemas/installations/workbook.js'
import { Misuse } from './command.js'
import type { Ledger } from './ledger.js'
import type { Output } from './output.js'

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

interface Answer {
  applied: boolean
  knownAt: string | null
  validFrom: string
  changes: { text: string }[]
  tokens: number
  people: { name: string; isNew: boolean; installations: string[]; secret?: string }[]
  findings: Finding[]
}

export const isWorkbook = (file: string): boolean => /\.xlsx$/i.test(file)

const bytesOf = (file: string): Buffer => {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new Misuse(`${file} cannot be read: ${(error as Error).message}`)
  }
}

/** A line for each sensor: a home has a dozen. */
const inLines = (text: string): string => text.replaceAll('; sensor ', '\n    sensor ')

const differences = ({ changes, tokens, people }: Answer): string[] => [
  ...changes.map(({ text }) => inLines(text)),
  ...(tokens === 0 ? [] : [`tokens of ${tokens} sensors are new or others`]),
  ...people.map(({ name, isNew, installations }) => `${name}${isNew ? ' (new)' : ''}: may see ${installations.join(', ')}`)
]

const send = async (ledger: Ledger, file: string, validFrom: string | undefined, dryRun: boolean): Promise<Answer> => {
  const query = new URLSearchParams({ name: basename(file), dryRun: String(dryRun), ...(validFrom === undefined ? {} : { validFrom }) })
  return (await ledger.send('POST', `/v1/installations/workbook?${query}`, bytesOf(file), XLSX)) as Answer
}

const sayFindings = (out: Output, findings: readonly Finding[]): boolean => {
  for (const finding of findings) out.say(findingText(finding))
  return findings.some(({ level }) => level === 'error')
}

/** Shows what differs, and enters it when there is no error; secrets of who is new are printed here and nowhere else. Exit code. */
export const importWorkbook = async (
  ledger: Ledger,
  out: Output,
  file: string,
  { validFrom, dryRun = false }: { validFrom?: string; dryRun?: boolean }
): Promise<number> => {
  const planned = await send(ledger, file, validFrom, true)
  const lines = differences(planned)
  const errors = planned.findings.some(({ level }) => level === 'error')
  if (dryRun || errors || lines.length === 0) {
    out.object({ ...planned }, () => lines.join('\n') || 'Nothing differs.')
    sayFindings(out, planned.findings)
    if (errors) out.say('Nothing was entered: mend the errors first.')
    return errors ? 2 : 0
  }
  for (const line of lines) out.say(line)
  sayFindings(out, planned.findings)
  const done = await send(ledger, file, validFrom, false)
  await ledger.settle()
  out.object({ ...done }, () => doneText(done))
  return 0
}

const doneText = ({ changes, tokens, people, validFrom, knownAt }: Answer): string => {
  const secrets = people.filter(({ secret }) => secret !== undefined)
  return [
    changes.length === 0
      ? 'Installations are as they were.'
      : `${changes.length} installations entered, from ${validFrom} on, known since ${knownAt}.`,
    ...(tokens === 0 ? [] : [`${tokens} tokens are kept for asking sensors.`]),
    ...(secrets.length === 0
      ? []
      : [
          'Secrets of who is new, shown now and never again. Whoever has one opens the page and pastes it, or opens ADDRESS/#code=SECRET:',
          ...secrets.map(({ name, secret }) => `${name}\t${secret}`)
        ])
  ].join('\n')
}

export const exportWorkbook = async (ledger: Ledger, out: Output, file: string, at: string | undefined): Promise<number> => {
  if (!isWorkbook(file)) throw new Misuse(`${file}: a workbook is named .xlsx; without a file the registry is written as YAML.`)
  const chunks: Uint8Array[] = []
  const query = at === undefined ? '' : `?${new URLSearchParams({ at })}`
  for await (const bytes of ledger.getBytes(`/v1/installations/workbook${query}`)) chunks.push(bytes)
  try {
    writeFileSync(file, Buffer.concat(chunks))
  } catch (error) {
    throw new Misuse(`${file} cannot be written: ${(error as Error).message}`)
  }
  out.say(`${file} is written; tokens are not in it.`)
  return 0
}

/** How `file` differs from `other`; no ledger is asked, and nothing is entered. */
export const diffWorkbookFiles = async (file: string, other: string, out: Output): Promise<void> => {
  const [before, after] = [await workbookIn(other), await workbookIn(file)]
  const changes = diffWorkbooks(before, after).map((change) => installationChangeText(change, false))
  const lines = [...changes, ...tokenLines(before, after), ...accessLines(before, after)]
  out.object({ changes: lines }, () => lines.map(inLines).join('\n') || 'Nothing differs.')
}

const workbookIn = async (file: string): Promise<Workbook> => {
  const { workbook, findings } = readWorkbook(await readTabs(bytesOf(file)))
  const errors = findings.filter(({ level }) => level === 'error')
  if (errors.length > 0) throw new Misuse(errors.map((finding) => `${file}: ${findingText(finding)}`).join('\n'))
  return workbook
}

const tokenLines = (before: Workbook, after: Workbook): string[] =>
  [...after.tokens].flatMap(([sid, token]) => {
    const other = before.tokens.get(sid)
    return other === token ? [] : [`sensor ${sid}: token ${other === undefined ? 'new' : 'another'}`]
  })

const accessLines = (before: Workbook, after: Workbook): string[] =>
  [...new Set([...before.access.keys(), ...after.access.keys()])].sort().flatMap((login) => {
    const [had, has] = [before, after].map(({ access }) => access.get(login) ?? [])
    const more = has.filter((id) => !had.includes(id))
    const less = had.filter((id) => !has.includes(id))
    const texts = [...(more.length > 0 ? [`also ${more.join(', ')}`] : []), ...(less.length > 0 ? [`no longer ${less.join(', ')}`] : [])]
    return texts.length === 0 ? [] : [`access of ${login}: ${texts.join('; ')}`]
  })
