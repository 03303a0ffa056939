/** What is wrong with a workbook, or may be; where, and what to do. An error must be mended before anything is entered; a warning may be meant. */
export interface Finding {
  level: 'error' | 'warning'
  /** Empty: the workbook as a whole. */
  tab: string
  /** As the spreadsheet numbers its rows; 0: the tab as a whole. */
  row: number
  /** Its header; empty: the row as a whole. */
  column: string
  message: string
  mend: string
}

export const findingPlace = ({ tab, row, column }: Finding): string =>
  [tab, ...(row > 0 ? [`row ${row}`] : []), ...(column === '' ? [] : [column])].join(', ') || 'workbook'

export const findingText = (finding: Finding): string =>
  `${finding.level}: ${findingPlace(finding)}: ${finding.message}. ${finding.mend}`.trim()
