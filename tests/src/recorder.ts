import { createServer, type IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'

const Body = z.looseObject({ model: z.string(), messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })) })

export interface RecordedCall {
  headers: IncomingHttpHeaders
  body: z.infer<typeof Body>
  status: number
  /** What the first choice said; null for an error or an endpoint that was away. */
  reply: string | null
}

export interface Recorder {
  /** Stands for the endpoint's base URL. */
  url: string
  calls: RecordedCall[]
  close(): Promise<void>
}

const Reply = z.object({ choices: z.array(z.object({ message: z.object({ content: z.string().nullable() }) })).min(1) })

/** A pass-through in front of a model endpoint that keeps what was sent and said, byte for byte. */
export async function openRecorder(endpoint: string): Promise<Recorder> {
  const calls: RecordedCall[] = []
  const server = createServer((request, response) => {
    const pass = async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const sent = Buffer.concat(chunks)
      const answer = await fetch(`${endpoint}${request.url!.replace(/^\/v1/, '')}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: request.headers.authorization ?? '' },
        body: sent,
      })
      const text = await answer.text()
      const said = answer.ok ? Reply.parse(JSON.parse(text)).choices[0]!.message.content : null
      calls.push({ headers: request.headers, body: Body.parse(JSON.parse(sent.toString())), status: answer.status, reply: said })
      response.writeHead(answer.status, { 'content-type': 'application/json' })
      response.end(text)
    }
    pass().catch((error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the recorder listens on no port')
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    calls,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
