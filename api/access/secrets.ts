import { randomBytes } from 'node:crypto'

const SECRET_BYTES = 32

/** 256 random bits that a header or a cookie can carry. */
export const newToken = (): string => `wl_${randomBytes(SECRET_BYTES).toString('base64url')}`

/** 256 random bits that stand in the fragment of a link. */
export const newCode = (): string => randomBytes(SECRET_BYTES).toString('base64url')
