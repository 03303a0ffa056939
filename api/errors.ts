import type { FastifyError, FastifyInstance } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Refused, Unavailable } from '../infra/errors.js'

/** The codes of the websocket protocol, so that one client understands both doors. */
const STATUS = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  too_large: 413,
  rate_limited: 429,
  overloaded: 503,
  internal: 500
} as const
export type Code = keyof typeof STATUS

export interface Issue {
  /** Parameter, key or line that is wrong. */
  path: string
  message: string
}

/** An answer that is an error; its message is for the client. */
export class ApiError extends Error {
  readonly statusCode: number

  constructor(
    readonly answer: Code,
    message: string,
    readonly issues?: readonly Issue[]
  ) {
    super(message)
    this.statusCode = STATUS[answer]
  }
}

/** Unknown and forbidden things answer alike, so that nobody learns what exists by asking. */
export const notFound = (what = 'point'): ApiError => new ApiError('not_found', `No such ${what}, or it is not open to you.`)

export const ErrorBody = z.object({
  error: z.object({
    code: z.enum(Object.keys(STATUS) as [Code, ...Code[]]),
    message: z.string(),
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional()
  })
})

/** For the `response` of every route. */
export const errorAnswers = { '4xx': ErrorBody, '5xx': ErrorBody } as const

const asApiError = (error: FastifyError): ApiError => {
  if (error instanceof ApiError) return error
  if (error instanceof Refused) return new ApiError('bad_request', error.message)
  if (error instanceof Unavailable) return new ApiError('overloaded', 'This cannot be done right now; try again in a moment.')
  if (hasZodFastifySchemaValidationErrors(error)) {
    const issues = error.validation.map(({ instancePath, message }) => ({
      path: instancePath.replace(/^\//, '').replaceAll('/', '.'),
      message: message ?? 'not valid'
    }))
    return new ApiError(
      'bad_request',
      `The ${error.validationContext ?? 'request'} is not valid: ${issues.map(({ path, message }) => `${path}: ${message}`).join('; ')}`,
      issues
    )
  }
  if (error.statusCode === 413) return new ApiError('too_large', 'The request is larger than this server takes.')
  if (error.statusCode === 429) return new ApiError('rate_limited', error.message)
  if (error.statusCode && error.statusCode >= 400 && error.statusCode < 500) return new ApiError('bad_request', error.message)
  return new ApiError('internal', 'Something went wrong here; the log of the server says what.')
}

/** Every error of every route becomes {error: {code, message, issues?}}; what the client did not cause is logged. */
export const answerErrors = (app: FastifyInstance): void => {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const answer = asApiError(error)
    if (answer.statusCode >= 500) request.log.error({ err: error }, 'a request failed')
    if (answer.answer === 'overloaded') reply.header('retry-after', '5')
    if (answer.answer === 'unauthorized') reply.header('www-authenticate', 'Bearer')
    const { answer: code, message, issues } = answer
    return reply
      .code(answer.statusCode)
      .type('application/json')
      .send({ error: { code, message, ...(issues ? { issues } : {}) } })
  })
}
