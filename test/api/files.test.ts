import { createHash } from 'node:crypto'
import { type ClientRequest, request as httpRequest } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Ledger, openLedger } from './ledger.js'

let ledger: Ledger
let headers: { authorization: string }
beforeAll(async () => {
  ledger = await openLedger()
  headers = ledger.as('device')
})
afterAll(() => ledger.close())

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const form = (bytes: Buffer, filename: string) => {
  const boundary = 'x-boundary'
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\nContent-Type: text/csv\r\n\r\n`
  return {
    payload: Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
    headers: { ...headers, 'content-type': `multipart/form-data; boundary=${boundary}` }
  }
}
const raw = (payload: Buffer, type = 'application/octet-stream') => ({ payload, headers: { ...headers, 'content-type': type } })
const post = (url: string, body: { payload: Buffer; headers: Record<string, string> }) =>
  ledger.app.inject({ method: 'POST', url, ...body })

test('a file comes as a form or as the body, byte for byte', async () => {
  const bytes = Buffer.from([0x1f, 0x8b, 0, 255, 13, 10, 13, 10, ...Array.from({ length: 70_000 }, (_, i) => i & 255)])
  for (const [url, body, name] of [
    ['/v1/files', form(bytes, 'day.csv'), 'day.csv'],
    ['/v1/files?name=other.csv', form(bytes, 'day.csv'), 'other.csv'],
    ['/v1/files?name=day.csv', raw(bytes), 'day.csv'],
    ['/v1/files?name=day.json', raw(bytes, 'application/json'), 'day.json'],
    ['/v1/files?name=..%2F..%2Fetc%2Fpass%0Awd', raw(bytes, 'text/csv'), 'etc/passwd'],
    ['/v1/files?name=a%2Fb%2Fsensor%2F0%2F8%2F1404224512.gz', raw(bytes), 'sensor/0/8/1404224512.gz']
  ] as const) {
    const answer = await post(url, body)
    expect(answer.statusCode, answer.body).toBe(200)
    expect(answer.json()).toEqual({ origin: sha(bytes), name, source: 'flukso', readings: 3, rejects: [], already: false, touched: [] })
    expect(ledger.uploads.at(-1)?.bytes.equals(bytes)).toBe(true)
  }
})

test('a file that is too large is refused whole', async () => {
  const before = ledger.uploads.length
  const bytes = Buffer.alloc(100_001)
  for (const body of [form(bytes, 'big.csv'), raw(bytes)]) {
    const answer = await post('/v1/files?name=big.csv', body)
    expect([answer.statusCode, answer.json().error.code]).toEqual([413, 'too_large'])
  }
  expect(ledger.uploads.length).toBe(before)
  expect((await post('/v1/files?name=fits.csv', raw(Buffer.alloc(100_000)))).statusCode).toBe(200)
  expect((await post('/v1/files', form(Buffer.alloc(100_000), 'fits.csv'))).statusCode).toBe(200)
})

test('a file that nobody knows, and requests without one', async () => {
  const unknown = await post('/v1/files?name=virus.exe', raw(Buffer.from('MZ')))
  expect([unknown.statusCode, unknown.json()]).toEqual([
    400,
    { error: { code: 'bad_request', message: 'No source knows such a file as virus.exe.' } }
  ])
  expect((await post('/v1/files', raw(Buffer.from('x')))).json().error.message).toContain('name')
  expect((await ledger.app.inject({ method: 'POST', url: '/v1/files?name=a', headers })).statusCode).toBe(400)
  const twoFiles = form(Buffer.from('a'), 'a.csv')
  twoFiles.payload = Buffer.from(
    twoFiles.payload
      .toString()
      .replace('--x-boundary--', '--x-boundary\r\nContent-Disposition: form-data; name="f2"; filename="b.csv"\r\n\r\nb\r\n--x-boundary--')
  )
  expect((await post('/v1/files', twoFiles)).statusCode).toBeGreaterThanOrEqual(400)
})

test('a broken form stores nothing', async () => {
  const before = ledger.uploads.length
  const body = form(Buffer.alloc(1000), 'a.csv')
  body.payload = body.payload.subarray(0, 600)
  const answer = await post('/v1/files', body)
  expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'bad_request'])
  expect(ledger.uploads.length).toBe(before)
})

test('over a real socket the client reads why, and a client that goes away stores nothing', async () => {
  const address = await ledger.app.listen({ port: 0, host: '127.0.0.1' })
  const url = new URL('/v1/files?name=big.csv', address)
  const before = ledger.uploads.length
  const send = (write: (request: ClientRequest) => void): Promise<number | string> =>
    new Promise((resolve) => {
      const request = httpRequest(url, { method: 'POST', headers: { ...headers, 'content-type': 'text/csv' } }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      request.on('error', ({ message }) => resolve(message))
      write(request)
    })
  expect(await send((request) => request.end(Buffer.alloc(1000)))).toBe(200)
  // No length is declared, so it is found too large on the way.
  const slowly = async (request: ClientRequest) => {
    for (let i = 0; i < 30; i++) {
      request.write(Buffer.alloc(10_000))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  expect(await send((request) => void slowly(request))).toBe(413)
  const gone = await send((request) => {
    request.write(Buffer.alloc(1000))
    setTimeout(() => request.destroy(new Error('gone')), 50)
  })
  expect(gone).toBe('gone')
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(ledger.uploads.length).toBe(before + 1)
})
