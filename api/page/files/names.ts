/** What file managers leave behind, and what is still being written, is not sent. */
export const isWanted = (name: string): boolean =>
  !name.split('/').some((part) => part.startsWith('.')) &&
  !/\.(part|tmp|filepart|crdownload)$/i.test(name) &&
  !/(^|\/)(Thumbs\.db|desktop\.ini)$/i.test(name)

/** By name, digits as numbers: files of meters carry their date there, and history in order costs least. */
export const inOrder = <Named extends { name: string }>(files: readonly Named[]): Named[] => {
  const { compare } = new Intl.Collator('en', { numeric: true })
  return [...files].sort((a, b) => compare(a.name, b.name))
}
