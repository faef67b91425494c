import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A way to Redis that can be cut: for whoever goes it, Redis is away then. */
export interface WayToRedis {
  url: string
  cut(): Promise<void>
  restore(): Promise<void>
  /** From now on nothing comes through, in either direction, and no connection ends: a black hole. */
  hush(): void
  /** New connections are good again; those that were hushed stay as they are. */
  speak(): void
  close(): Promise<void>
}

export async function openWayToRedis(redisUrl: string): Promise<WayToRedis> {
  const redis = new URL(redisUrl)
  const sockets = new Set<Socket>()
  let isHushed = false
  const open = async (port: number): Promise<Server> => {
    const server = createServer((near) => {
      const far = connect(Number(redis.port || 6379), redis.hostname)
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(one)
        if (isHushed) one.pause()
        else one.pipe(other)
        one.on('error', () => other.destroy())
        one.on('close', () => {
          sockets.delete(one)
          other.destroy()
        })
      }
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return server
  }
  let server = await open(0)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const url = new URL(redis)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  const cut = async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return {
    url: url.href,
    cut,
    restore: async () => {
      server = await open(port)
    },
    hush: () => {
      isHushed = true
      for (const socket of sockets) socket.unpipe().pause()
    },
    speak: () => {
      isHushed = false
    },
    close: cut,
  }
}
