import { errors, types } from 'cassandra-driver'
import { Refused, Unavailable } from '../errors.js'

const { responseErrorCodes } = types

/** What the engine or the driver said, as one of our errors; a bug stays what it is. */
export const translated = (error: unknown): unknown => {
  if (error instanceof errors.ResponseError) return answered(error)
  if (error instanceof errors.AuthenticationError)
    return new Unavailable(`Cassandra refuses the user name or the password: correct them in the settings. (${error.message})`, {
      cause: error
    })
  if (error instanceof errors.NoHostAvailableError)
    return new Unavailable(`No Cassandra node answers: ${reasons(error)}. The same is tried again; is it running, is the address right?`, {
      cause: error
    })
  if (error instanceof errors.OperationTimedOutError || error instanceof errors.BusyConnectionError)
    return new Unavailable(`Cassandra did not answer in time: ${error.message} The same is tried again.`, { cause: error })
  // Parts of a partition's key are encoded by the driver, which knows no more than that a length does not fit.
  if (error instanceof RangeError) return new Refused(`A name is longer than the 65535 bytes a key takes. Set it aside.`, { cause: error })
  return error
}

/** What it says of a row that is too large for it; all else it calls invalid (a missing table, say) is no fault of the row. */
const TOO_LONG = /longer than maximum|oversized mutation|too long|may not be empty/i

const answered = (error: errors.ResponseError): Error => {
  if (error.code === responseErrorCodes.invalid)
    return TOO_LONG.test(error.message)
      ? new Refused(`Cassandra can never store this: ${error.message}. Set it aside.`, { cause: error })
      : error
  if (error.code === responseErrorCodes.unauthorized)
    return new Unavailable(`Cassandra does not let this user do that: ${error.message}. Grant it SELECT and MODIFY on the keyspace.`, {
      cause: error
    })
  return new Unavailable(`Cassandra could not do it now: ${error.message} The same is tried again.`, { cause: error })
}

const reasons = ({ innerErrors }: errors.NoHostAvailableError): string =>
  Object.entries(innerErrors ?? {})
    .map(([host, error]) => `${host} (${(error as Error).message})`)
    .join(', ') || 'no address is known'
