import { finished, Readable, Transform } from 'node:stream'
import multipart from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { requireEverything } from '../auth.js'
import type { Deps, UploadSummary } from '../deps.js'
import { ApiError, errorAnswers, notFound } from '../errors.js'
import { iso } from '../format.js'

const Example = z.object({ line: z.number(), field: z.string(), expected: z.string(), found: z.string(), advice: z.string() })
const Summary = z.object({
  origin: z.string(),
  name: z.string(),
  source: z.string(),
  readings: z.number(),
  rejects: z.array(z.object({ reason: z.string(), count: z.number(), examples: z.array(Example) })),
  already: z.boolean(),
  touched: z
    .array(z.object({ point: z.string(), register: z.string(), from: z.string(), to: z.string() }))
    .describe('Series its readings went to, also when it was read before; of more than 100, the first.')
})

const tooLarge = (limit: number): ApiError =>
  new ApiError('too_large', `The file is larger than ${limit} bytes: copy it into a watched folder, or import it on the command line.`)

/** Fails the stream at the first byte too many, so that a file is read whole or not at all. */
const atMost = (limit: number): Transform => {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      done(bytes > limit ? tooLarge(limit) : null, chunk)
    }
  })
}

/** Folders that may tell whose file it is: a block lies under `<sensor>/<recycle id>/<level>/`. */
const KEPT_PARTS = 4

/** A name without control characters and steps upwards: it is shown and helps to recognise the source, and opens nothing. */
export const plainName = (name: string | undefined): string =>
  (name ?? '')
    .replace(/\p{C}/gu, '')
    .split(/[/\\]/)
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .slice(-KEPT_PARTS)
    .join('/')
    .slice(-200) || 'upload'

/** Files into the ledger: `curl -F file=@day.csv` or `curl --data-binary @day.csv '…/v1/files?name=day.csv'`. */
export const fileRoutes =
  (deps: Deps): FastifyPluginAsyncZod =>
  async (app) => {
    const limit = deps.limits.upload
    // The bytes go to the archive as they come; nothing here reads them into memory.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    // One byte more than ours, so that ours speaks first; a cut file must never pass for a whole one.
    await app.register(multipart, { limits: { files: 2, fileSize: limit + 1, fields: 8, fieldSize: 1024 } })

    app.get(
      '/v1/files/:origin',
      {
        config: { roles: ['admin', 'reader'] },
        schema: {
          summary: 'The bytes of a file as they came, by their SHA-256. It may hold anybody’s figures: every point has to be open to you.',
          params: z.object({ origin: z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 of 64 hexadecimal digits') }),
          response: { 200: z.any().describe('The bytes.'), ...errorAnswers }
        }
      },
      async (request, reply) => {
        requireEverything(request)
        const { origin } = request.params
        const file = await deps.raw.get(origin)
        if (!file) throw notFound('file')
        const name = file.name
          .split('/')
          .pop()!
          .replace(/[^\w.-]+/g, '_')
        reply.header('content-disposition', `attachment; filename="${name || origin}"`)
        return reply.type('application/octet-stream').send(Readable.from(deps.raw.open(origin)))
      }
    )

    app.post(
      '/v1/files',
      {
        bodyLimit: Number.MAX_SAFE_INTEGER,
        config: { roles: ['admin', 'device'] },
        schema: {
          summary: 'Reads a file into the ledger. The same bytes twice change nothing.',
          consumes: ['multipart/form-data', 'application/octet-stream'],
          querystring: z.object({ name: z.string().max(300).optional().describe('File name, for a raw body.') }),
          response: { 200: Summary, ...errorAnswers }
        }
      },
      async (request, reply) => {
        // Whatever of a refused body is still on its way is not waited for.
        reply.header('connection', 'close')
        const declared = Number(request.headers['content-length'] ?? 0)
        // A multipart body is a little larger than its file.
        if (declared > limit + 65_536) throw tooLarge(limit)
        const { body, name, next } = await fileOf(request)
        const summary = await read(deps, body, name, limit)
        if (await next()) throw new ApiError('bad_request', `Only the first file, ${name}, was read: send one file a request.`)
        reply.removeHeader('connection')
        return { ...summary, touched: summary.touched.map((series) => ({ ...series, from: iso(series.from), to: iso(series.to) })) }
      }
    )
  }

/**
 * Feeds the body to the ledger. On a failure the body is left where it is and not destroyed: that would close the socket before the
 * client has read why.
 */
const read = async (deps: Deps, body: Readable, name: string, limit: number): Promise<UploadSummary> => {
  const broken = new ApiError('bad_request', 'The upload broke off; nothing of it was stored.')
  const limited = atMost(limit)
  limited.once('close', () => body.unpipe(limited))
  // Also when it broke before anybody listened, as a small form does.
  finished(body, (error) => {
    if (error) limited.destroy(broken)
  })
  return deps.upload(body.pipe(limited), name)
}

interface Upload {
  body: Readable
  name: string
  /** Whether the form holds another file. */
  next(): Promise<boolean>
}

const fileOf = async (request: FastifyRequest<{ Querystring: { name?: string } }>): Promise<Upload> => {
  const { name } = request.query
  if (request.isMultipart()) {
    const parts = request.files()
    const { value: part } = await parts.next()
    if (!part) throw new ApiError('bad_request', 'The form holds no file.')
    const next = async () => {
      // The file is whole; a form that ends badly behind it holds nothing more.
      const { value: other } = await parts.next().catch(() => ({ value: undefined }))
      other?.file.resume()
      return other !== undefined
    }
    return { body: part.file, name: plainName(name ?? part.filename), next }
  }
  if (!(request.body instanceof Readable)) {
    throw new ApiError('bad_request', 'Send the file as the body, with its name in ?name=, or as a form.')
  }
  if (name === undefined) throw new ApiError('bad_request', 'name: say the name of the file, ?name=day.csv.')
  return { body: request.body, name: plainName(name), next: async () => false }
}
