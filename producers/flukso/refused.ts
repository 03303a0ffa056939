import type { Reject } from '../../schemas/generated.js'
import { resolved } from '../../schemas/reject.js'
import { PARSER_VERSION, SOURCE } from './parse.js'

/** What people are told of a sensor that is not asked any more: a reject of the point, which the alerts tell on. */
export const refusedToken = (sid: string, point: string, at: number): Reject => ({
  source: SOURCE,
  origin: point,
  name: `The sensor ${sid}`,
  line: 0,
  field: 'token',
  reason: 'token-refused',
  expected: 'a token that may read this sensor',
  found: 'the service answers 401',
  advice: 'Copy the token again from the page of the sensor; was it removed there, remove it here. It is asked once a day until then.',
  ingestedAt: at,
  parserVersion: PARSER_VERSION
})

export const admitsAgain = (sid: string, point: string, at: number): Reject =>
  resolved(refusedToken(sid, point, at), SOURCE, PARSER_VERSION)
