import { readFileSync } from 'node:fs'
import { crc32, deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readTabs, writeTabs } from '../../infra/workbook.js'
import { SAMPLE, sampleTabs } from '../schemas/installations/sample.js'

test('a workbook is its tabs: texts, whole numbers and dates as they are written', async () => {
  expect(await readTabs(readFileSync(SAMPLE))).toEqual(sampleTabs())
})

test('what is written is read again', async () => {
  const tabs = [
    {
      name: 'One',
      rows: [
        ['a', 'b'],
        ['007', '7'],
        ['2022-06-15', '=1+1'],
        ['', '-1'],
        ["rue de l'Été & <b>", '12345678901234567890123456789012']
      ]
    },
    { name: 'Two', rows: [['alone']] }
  ]
  expect(await readTabs(await writeTabs(tabs))).toEqual(tabs)
})

test('what is no workbook is refused with what to do', async () => {
  const [whole] = [readFileSync(SAMPLE)]
  for (const bytes of [Buffer.from(''), Buffer.from('a;b\n1;2\n'), whole.subarray(0, 3000), zip({ 'readme.txt': 'x' })])
    await expect(readTabs(bytes)).rejects.toThrow(/This is not a workbook that can be read .* save it as \.xlsx and try again\./)
})

test('a few bytes that claim a great many cells, or unpack to a great many bytes, are refused before they are', async () => {
  const sheet = (cells: string) => zip({ 'xl/worksheets/sheet1.xml': `<worksheet><sheetData>${cells}</sheetData></worksheet>` })
  for (const bytes of [
    sheet('<row r="1048576"><c r="A1048576"><v>1</v></c></row>'),
    sheet('<row r="1"><c r="XFD1"><v>1</v></c></row>'),
    zip({ 'xl/worksheets/sheet1.xml': ' '.repeat(65 * 1024 ** 2) })
  ])
    await expect(readTabs(bytes)).rejects.toThrow('The workbook is too large')
})

/** A zip as it is: local headers, directory, end. */
const zip = (files: Record<string, string>): Buffer => {
  const locals: Buffer[] = []
  const entries: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(files)) {
    const plain = Buffer.from(text)
    const packed = deflateRawSync(plain)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(plain), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(plain.length, 18)
    common.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, Buffer.from(name), packed])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(offset, 10)
    entries.push(Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000'), common, tail, Buffer.from(name)]))
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(entries)
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}
