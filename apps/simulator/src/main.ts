import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { readEnv } from './env.ts'
import { startSimulator } from './server.ts'

const HELP = `Usage: node src/main.ts [--port N] [--host ADDRESS] [--settings FILE]

Stands in for an OpenAI endpoint with a strong and a light model, played by rule for the sample families: no model is at work.
Prints one line of JSON with its url and models on stdout once it listens.

  --port N         the port to listen on (default: a free one)
  --host ADDRESS   the IPv4 address to listen on (default: 127.0.0.1)
  --settings FILE  a JSON file with a partial settings object (default: TOOLWRIGHT_SIMULATOR_SETTINGS, JSON itself)
`

try {
  const { values } = parseArgs({
    options: { port: { type: 'string' }, host: { type: 'string' }, settings: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) {
    process.stdout.write(HELP)
  } else {
    const port = z.coerce
      .number()
      .int()
      .min(0)
      .max(65_535)
      .parse(values.port ?? 0)
    const settings =
      values.settings === undefined
        ? readEnv(process.env).settings
        : z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(values.settings, 'utf8')))
    const host = z.ipv4('--host: expected an IPv4 address such as 0.0.0.0').parse(values.host ?? '127.0.0.1')
    await serve(port, host, settings)
  }
} catch (error) {
  process.stderr.write(
    `simulator: ${error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error)}\n`,
  )
  process.exitCode = 2
}

async function serve(port: number, host: string, settings: Record<string, unknown>): Promise<void> {
  const simulator = await startSimulator({
    port,
    host,
    settings,
    onError: (error) => process.stderr.write(`simulator: ${error instanceof Error ? error.stack : String(error)}\n`),
  })
  process.stdout.write(`${JSON.stringify({ url: simulator.url, models: [simulator.models.strong, simulator.models.light] })}\n`)

  const stop = () => {
    simulator.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  // Whoever started it with an IPC channel and died must not leave it running.
  process.once('disconnect', stop)
}
