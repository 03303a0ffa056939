import { isWanted } from './names.js'

/** Files as they were dropped or chosen, with their folders: a folder may tell whose file it is. */
export interface Picked {
  name: string
  file: File
}

/** More at once is an archive to be imported on the command line. */
export const MOST_FILES = 2000

const entriesIn = async (folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> => {
  const reader = folder.createReader()
  const found: FileSystemEntry[] = []
  for (;;) {
    // Chromium hands out a hundred at a time, and an empty list at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return found
    found.push(...some)
  }
}

async function* filesBelow(entry: FileSystemEntry): AsyncGenerator<Picked> {
  if (!isWanted(entry.name)) return
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    yield { name: entry.fullPath.replace(/^\//, ''), file }
  } else for (const inside of await entriesIn(entry as FileSystemDirectoryEntry)) yield* filesBelow(inside)
}

/** Reads the list at once, for it is gone after the event, and then the folders, up to one file too many. */
export const dropped = (data: DataTransfer): Promise<Picked[]> => {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  const loose = entries.length > 0 ? [] : chosen(data.files)
  const walk = async () => {
    const picked = [...loose]
    for (const entry of entries)
      for await (const each of filesBelow(entry)) {
        picked.push(each)
        if (picked.length > MOST_FILES) return picked
      }
    return picked
  }
  return walk()
}

/** Of a file or folder dialogue. */
export const chosen = (files: FileList): Picked[] =>
  [...files].map((file) => ({ name: file.webkitRelativePath || file.name, file })).filter(({ name }) => isWanted(name))
