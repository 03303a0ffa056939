import readExcelFile from 'read-excel-file/node'
import writeExcelFile from 'write-excel-file/node'
import { fromBufferPromise } from 'yauzl'
import { MAX_ROWS, type Tab } from '../schemas/installations/tabs.js'
import { Refused } from './errors.js'

/** Unpacked, a workbook of a thousand homes has a hundredth of it. */
const MAX_UNPACKED = 64 * 1024 ** 2
const MAX_COLUMNS = 200
const MAX_ENTRIES = 1000

/** The tabs of an .xlsx file; numbers as they are written, dates as 2022-06-15. Throws Refused when it is none, or too large. */
export const readTabs = async (bytes: Buffer): Promise<Tab[]> => {
  await bound(bytes)
  const sheets = await readExcelFile(bytes, { parseNumber: (text) => text }).catch(refuse)
  return sheets.map(({ sheet, data }) => ({ name: sheet, rows: data.map((row) => row.map((cell) => cellText(cell))) }))
}

const refuse = (error: Error): never => {
  throw new Refused(`This is not a workbook that can be read (${error.message.slice(0, 200)}): save it as .xlsx and try again.`, {
    cause: error
  })
}

const cellText = (cell: unknown): string => {
  if (cell === null || cell === undefined) return ''
  if (cell instanceof Date) return cell.toISOString().slice(0, 10)
  return String(cell)
}

/**
 * The library unpacks all and lays cells out in rows and columns before anybody can look: a few bytes can claim a million of them.
 * So what it would unpack is looked at first.
 */
const bound = async (bytes: Buffer): Promise<void> => {
  const zip = await fromBufferPromise(bytes).catch(refuse)
  let left = MAX_UNPACKED
  let entries = 0
  for await (const entry of zip.eachEntry()) {
    left -= entry.uncompressedSize
    if (left < 0 || ++entries > MAX_ENTRIES) throw tooLarge()
    // Yauzl breaks off where there is more than the directory says.
    const chunks: Buffer[] = []
    try {
      for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk)
    } catch (error) {
      refuse(error as Error)
    }
    if (/worksheets\/[^/]+\.xml$/.test(entry.fileName)) boundCells(Buffer.concat(chunks).toString('latin1'))
  }
}

const boundCells = (xml: string): void => {
  for (const [, letters, digits] of xml.matchAll(/\br\s*=\s*["']\s*([A-Za-z]*)(\d+)/g))
    if (Number(digits) > MAX_ROWS || columnOf(letters) > MAX_COLUMNS) throw tooLarge()
}

const columnOf = (letters: string): number =>
  [...letters.toUpperCase()].reduce((column, letter) => column * 26 + letter.charCodeAt(0) - 64, 0)

const tooLarge = (): Refused =>
  new Refused(
    `The workbook is too large: at most ${MAX_ROWS} rows and ${MAX_COLUMNS} columns a tab. Remove what is not configuration and try again.`
  )

const DATE = /^\d{4}-\d{2}-\d{2}$/
const FIGURE = /^-?\d{1,9}$/

/** An .xlsx file of these tabs; dates and small whole numbers are cells of that kind. */
export const writeTabs = (tabs: readonly Tab[]): Promise<Buffer> =>
  writeExcelFile(
    tabs.map(({ name, rows }) => ({
      sheet: name,
      stickyRowsCount: 1,
      columns: (rows[0] ?? []).map((_, i) => ({ width: Math.min(40, Math.max(...rows.map((row) => row[i]?.length ?? 0)) + 2) })),
      data: rows.map((row, i) => row.map((text) => (i === 0 ? { value: text, fontWeight: 'bold' as const } : cellOf(text))))
    }))
  ).toBuffer()

const cellOf = (text: string) => {
  if (text === '') return null
  if (DATE.test(text) && !Number.isNaN(Date.parse(text))) return { value: new Date(text), type: Date, format: 'yyyy-mm-dd' }
  return FIGURE.test(text) && String(Number(text)) === text ? { value: Number(text), type: Number } : { value: text, type: String }
}
