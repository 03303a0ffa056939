import { createServer, type Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { Unavailable } from '../infra/errors.js'
import type { Settings } from '../schemas/settings.js'

const urlOf = ({ host, port }: { host: string; port: number }): string => {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

const notListening =
  (host: string, port: number) =>
  (error: NodeJS.ErrnoException): never => {
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES' && error.code !== 'EADDRNOTAVAIL') throw error
    throw new Unavailable(
      `Cannot listen on ${host}:${port} (${error.code}): name another address in the settings, http: { listen: ['127.0.0.1:8081'] }.`
    )
  }

/** Opens all addresses; servers beyond the app's own are put into `more`, for whoever stops them. Answers with where it can be reached. */
export const listen = async (app: FastifyInstance, listen: Settings['http']['listen'], more: Server[]): Promise<string[]> => {
  const addresses: string[] = []
  for (const [i, { host, port }] of listen.entries()) {
    const server =
      i === 0
        ? app.server
        : createServer((request, response) => app.routing(request, response)).on('upgrade', (...upgrade) =>
            app.server.emit('upgrade', ...upgrade)
          )
    if (i === 0) await app.listen({ host, port }).catch(notListening(host, port))
    else
      await new Promise<void>((listening, failed) => more[more.push(server) - 1].once('error', failed).listen(port, host, listening)).catch(
        notListening(host, port)
      )
    addresses.push(urlOf({ host, port: (server.address() as { port: number }).port }))
  }
  return addresses
}
