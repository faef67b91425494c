import { ConfigurationError, parseEnvironment, redact, tracesEndpoint, tracesEnvironment } from '@toolwright/runtime'
import { z } from 'zod'
import type { Finding } from './finding.ts'

const ASK_TIMEOUT_MS = 3_000

/** Where traces go, and whether somebody is there. Nothing to say while they are off; a collector that is away holds nothing up. */
export async function checkTraces(environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  const subject = 'traces'
  try {
    const endpoint = tracesEndpoint(parseEnvironment(z.object(tracesEnvironment), environment))
    if (endpoint === null) return []
    const place = redact(endpoint)
    try {
      // Any answer will do: a GET is nothing that a collector takes.
      await fetch(endpoint, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) })
      return [{ status: 'ok', subject, says: `sent to ${place}` }]
    } catch (error) {
      const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
      const mend = 'check OTEL_EXPORTER_OTLP_ENDPOINT and the collector: until then spans are dropped, and all else goes on'
      return [{ status: 'warn', subject, says: `${place} does not answer (${redact(reason)})`, mend }]
    }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    const [says = error.message, mend = 'name the HTTP port of a collector'] = error.message.split('; ')
    return [{ status: 'fail', subject, says, mend, cause: 'configuration' }]
  }
}
