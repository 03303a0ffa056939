import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findFiles, inTimeOrder } from '../../producers/folder.js'
import { sources } from '../../producers/index.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-folder-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const lay = (...names: string[]) => {
  for (const name of names) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), name)
  }
}

describe('findFiles', () => {
  test('files of all depths, without what is hidden or still arriving', async () => {
    lay('a', 'b/c', 'b/d/e.0', '.hidden', '.git/x', 'b/.d/y', 'f.part', 'g.tmp', 'h.filepart', 'i.crdownload', 'j.PART')
    expect((await findFiles(folder)).map(({ name }) => name).sort()).toEqual(['a', 'b/c', 'b/d/e.0'])
  })

  test('a file stands for itself, with size and time', async () => {
    lay('a')
    utimesSync(join(folder, 'a'), 1000, 1000)
    expect(await findFiles(join(folder, 'a'))).toEqual([
      { path: join(folder, 'a'), name: join(folder, 'a'), bytes: 1, changedAt: 1_000_000 }
    ])
  })

  test('a folder that is not there is an error, an empty one is empty', async () => {
    expect(await findFiles(folder)).toEqual([])
    await expect(findFiles(join(folder, 'none'))).rejects.toThrow(/ENOENT/)
  })
})

test('inTimeOrder: by the time that names tell, then by name; what tells none comes first', () => {
  const sid = 'a'.repeat(32)
  const names = [
    'F5D_0291_0762_20240601.1',
    `${sid}/0/8/1711742208.gz`,
    'notes.txt',
    'F5D_0291_0762_20240601.0',
    'x/P5D_1_20240102.0',
    'a.txt',
    `${sid}/0/8/1711741952.gz`
  ]
  const files = names.map((name) => ({ path: name, name, bytes: 1, changedAt: 0 }))
  expect(inTimeOrder(files, sources).map(({ name }) => name)).toEqual([
    'a.txt',
    'notes.txt',
    'x/P5D_1_20240102.0',
    `${sid}/0/8/1711741952.gz`,
    `${sid}/0/8/1711742208.gz`,
    'F5D_0291_0762_20240601.0',
    'F5D_0291_0762_20240601.1'
  ])
})
