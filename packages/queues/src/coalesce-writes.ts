import type { Redis } from 'ioredis'

/**
 * What a process asks of Redis in one turn of its event loop goes out in one write: with many jobs at once that is a system call for a dozen commands, for Redis and for us.
 * A command waits no longer than until the replies that have arrived with the one before it are dealt with.
 */
export function coalesceWrites(redis: Redis): void {
  redis.on('connect', () => {
    const { stream } = redis
    // Whatever a stream takes is handed on as it is.
    const write = stream.write.bind(stream) as (...given: unknown[]) => boolean
    let isHeld = false
    const release = () => {
      isHeld = false
      stream.uncork()
    }
    stream.write = (...given: unknown[]) => {
      if (!isHeld) {
        isHeld = true
        stream.cork()
        setImmediate(release)
      }
      return write(...given)
    }
  })
}
