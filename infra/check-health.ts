/**
 * The health check of the images, for which they need no shell: `node infra/check-health.ts [URL]` exits with 0 if URL answers with a 2xx status, else with 1 and what it
 * said. Without URL it asks this container's `/readyz`.
 */
const url = process.argv[2] ?? `http://127.0.0.1:${process.env['TOOLWRIGHT_METRICS_PORT'] ?? '9464'}/readyz`
try {
  const response = await fetch(url, { signal: AbortSignal.timeout(4_000) })
  process.stdout.write(`${response.status} ${await response.text()}`)
  process.exitCode = response.ok ? 0 : 1
} catch (error) {
  process.stdout.write(`${url} does not answer: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
