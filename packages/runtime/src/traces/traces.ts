import type { Log } from '../log.ts'
import type { NewSpan, SpanAttributes } from './conventions.ts'
import { capturesTexts, tracesEndpoint, type TracesEnvironment } from './traces-environment.ts'

/** A span that is under way. */
export interface Span {
  readonly traceId: string
  set(attributes: SpanAttributes): void
  /** Marks it as failed. `errorType`: a short name out of few, never a message, which may hold texts. */
  fail(errorType: string): void
  /** Says that it has to do with another trace's span too. */
  link(other: Span): void
  /** Without it the span is never sent. */
  end(): void
  /** Whether spans or jobs belong under it by now. */
  hasChildren(): boolean
}

/** Something that spans and jobs belong under: a span of this process, or the W3C traceparent of one of another. */
export type Origin = Span | string

/** The spans of one process. What is under way is found again after every `await`. */
export interface Traces {
  /** Whether the texts of requests and replies were asked for. */
  readonly withTexts: boolean
  /** What this code runs under, if anything. */
  current(): Origin | undefined
  /** The traceparent that a job carries, so that what is done with it belongs under `origin`. */
  carry(origin: Origin): string
  /** Begins a span under `parent`, else under what is current; null: it begins a trace. */
  begin(span: NewSpan, how?: { parent?: Origin | null | undefined; links?: Origin[]; startedAtMs?: number }): Span
  /** Does work under an origin. */
  within<T>(origin: Origin, work: () => T): T
  /** Sends what has not been sent, for 2 s at most. */
  close(): Promise<void>
}

/**
 * Sends spans to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names. Undefined where none is named: then nothing of OpenTelemetry is loaded, and nothing is done for any job.
 */
export async function openTraces(options: { stage: string; environment: TracesEnvironment; log: Log }): Promise<Traces | undefined> {
  const endpoint = tracesEndpoint(options.environment)
  if (endpoint === null) return undefined
  const { openOtlpTraces } = await import('./otlp-traces.ts')
  return openOtlpTraces({ ...options, endpoint, withTexts: capturesTexts(options.environment) })
}
