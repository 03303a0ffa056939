import { session } from '../session.js'

/** Who may send files, as POST /v1/files has it. */
export const maySend = (): boolean => ['admin', 'device'].includes(session.value?.role ?? '')
