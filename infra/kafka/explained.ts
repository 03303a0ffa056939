import { CODES, codeOf } from './calls.js'

const { ERRORS } = CODES
const FENCED = new Set<number | undefined>([
  ERRORS.ERR__FENCED,
  ERRORS.ERR__FATAL,
  ERRORS.ERR_PRODUCER_FENCED,
  ERRORS.ERR_INVALID_PRODUCER_EPOCH,
  ERRORS.ERR_FENCED_INSTANCE_ID
])
const RIGHTS = new Set<number | undefined>([
  ERRORS.ERR_TOPIC_AUTHORIZATION_FAILED,
  ERRORS.ERR_GROUP_AUTHORIZATION_FAILED,
  ERRORS.ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  ERRORS.ERR_CLUSTER_AUTHORIZATION_FAILED
])

/** What ended a process's part in a group, with what to do about it; other errors as they are. */
export const explained = (error: unknown, group: string, slot: number): unknown => {
  const cause = error as Error
  if (FENCED.has(codeOf(error)))
    return new Error(
      `Kafka lets this process take no more part in the group "${group}" as slot ${slot} (${cause.message}): another process has the same slot, or this one was silent for too long. Nothing is lost. Give each process a slot of its own and start it again.`,
      { cause }
    )
  if (RIGHTS.has(codeOf(error)))
    return new Error(
      `Kafka refuses the group "${group}" a right (${cause.message}). Give the user of the settings the ACLs: Read on its inputs and on the group, Read and Write on "${group}.changelog" and its outputs, and Write on the transactional id "${group}.${slot}".`,
      { cause }
    )
  return error
}
