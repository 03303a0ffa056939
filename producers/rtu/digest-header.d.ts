declare module 'digest-header' {
  /** The `authorization` header for a request, from what the server wants in `www-authenticate`; empty when it wants no digest. */
  const digestHeader: (method: string, path: string, wwwAuthenticate: string, userAndPassword: string) => string
  export default digestHeader
}
