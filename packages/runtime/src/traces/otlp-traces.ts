import {
  type Attributes,
  ROOT_CONTEXT,
  type Span as OtelSpan,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { AsyncLocalStorage } from 'node:async_hooks'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../log.ts'
import { isSecretName, redact } from '../redact.ts'
import { ERROR_TYPE, type NewSpan, processAttributes, type SpanAttributes } from './conventions.ts'
import { samplerNamed } from './sampler.ts'
import type { TracesEnvironment } from './traces-environment.ts'
import type { Origin, Span, Traces } from './traces.ts'

/** How long a process that stops waits for its collector. */
const CLOSE_MS = 2_000
const DOWN = 'spans cannot be sent to the collector, and are dropped until they can; nothing else is held up by that'

const KINDS: Record<NewSpan['kind'], SpanKind> = {
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/

/** Loads OpenTelemetry: only `openTraces` imports it, and only while traces are on. */
export function openOtlpTraces(options: {
  stage: string
  endpoint: string
  environment: TracesEnvironment
  withTexts: boolean
  log: Log
}): Traces {
  const { stage, environment, log } = options
  const outages = { isDown: false }
  const exporter = tellingOfOutages(new OTLPTraceExporter({ url: options.endpoint }), new URL(options.endpoint).host, log, outages)
  const provider = new TracerProvider({
    resource: resourceOf(stage, environment),
    sampler: samplerOf(environment, log),
    spanProcessors: [new BatchSpanProcessor({ exporter, ...batchingOf(environment) })],
  })
  if (environment.otlpProtocol === 'grpc') {
    log.warn(
      {},
      'OTEL_EXPORTER_OTLP_PROTOCOL is grpc, which is not spoken here: traces are sent as http/json, to the HTTP port of the collector',
    )
  }
  const tracer = provider.getTracer('toolwright')
  const under = new AsyncLocalStorage<Origin>()
  const own = new WeakMap<Span, { span: OtelSpan; isParent: boolean }>()

  /** Every origin that is no text was begun here. */
  const contextOf = (origin: Origin): SpanContext | undefined =>
    typeof origin === 'string' ? readTraceparent(origin) : own.get(origin)?.span.spanContext()
  const takeAsParent = (origin: Origin) => {
    const entry = typeof origin === 'string' ? undefined : own.get(origin)
    if (entry !== undefined) entry.isParent = true
    return contextOf(origin)
  }

  return {
    withTexts: options.withTexts,
    current: () => under.getStore(),
    carry: (origin) => {
      if (typeof origin === 'string') return origin
      const context = takeAsParent(origin)
      return context === undefined ? '' : writeTraceparent(context)
    },
    begin: (wanted, how = {}) => {
      const parent = how.parent === undefined ? under.getStore() : (how.parent ?? undefined)
      const parentContext = parent === undefined ? undefined : takeAsParent(parent)
      const links = (how.links ?? []).flatMap((origin) => contextOf(origin) ?? []).map((context) => ({ context }))
      const span = tracer.startSpan(
        wanted.name,
        {
          kind: KINDS[wanted.kind],
          attributes: withoutSecrets(wanted.attributes),
          links,
          ...(how.startedAtMs !== undefined && { startTime: how.startedAtMs }),
        },
        parentContext === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parentContext),
      )
      const entry = { span, isParent: false }
      const begun: Span = {
        traceId: span.spanContext().traceId,
        set: (attributes) => void span.setAttributes(withoutSecrets(attributes)),
        fail: (errorType) => void span.setAttribute(ERROR_TYPE, errorType).setStatus({ code: SpanStatusCode.ERROR }),
        link: (other) => {
          const context = contextOf(other)
          if (context !== undefined) span.addLink({ context })
        },
        end: () => span.end(),
        hasChildren: () => entry.isParent,
      }
      own.set(begun, entry)
      return begun
    },
    within: (origin, work) => under.run(origin, work),
    close: async () => {
      if (outages.isDown) return
      const closed = provider.shutdown().catch(() => undefined)
      await Promise.race([closed, delay(CLOSE_MS, undefined, { ref: false })])
    },
  }
}

/** The first export that fails is told, and the first that succeeds after it. */
function tellingOfOutages(exporter: OTLPTraceExporter, collector: string, log: Log, outages: { isDown: boolean }): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const failed = result.error !== undefined
        if (failed && !outages.isDown) log.warn({ collector, error: String(result.error) }, DOWN)
        if (!failed && outages.isDown) log.info({ collector }, 'the collector takes spans again')
        outages.isDown = failed
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush(),
  }
}

function resourceOf(stage: string, { otelServiceName }: TracesEnvironment) {
  // Only what the environment says: other detectors would read command lines.
  const detected = detectResources({ detectors: [envDetector] })
  const name = `${otelServiceName ?? 'toolwright'}-${stage}`
  const ofProcess = withoutSecrets({ 'service.name': name, ...processAttributes(stage, process.pid, hostname()) })
  return defaultResource().merge(detected).merge(resourceFromAttributes(ofProcess))
}

function samplerOf({ otelTracesSampler, otelTracesSamplerArg }: TracesEnvironment, log: Log) {
  const sampler = samplerNamed(otelTracesSampler, otelTracesSamplerArg)
  if (sampler !== null) return sampler
  log.warn(
    { OTEL_TRACES_SAMPLER: otelTracesSampler, OTEL_TRACES_SAMPLER_ARG: otelTracesSamplerArg },
    'the sampler is not known, or its share is not from 0 to 1: every trace is sent',
  )
  return samplerNamed()!
}

function batchingOf(environment: TracesEnvironment) {
  const scheduledDelayMillis = positive(environment.otelScheduleDelayMs)
  const maxQueueSize = positive(environment.otelMaxQueueSize)
  const maxExportBatchSize = positive(environment.otelMaxBatchSize)
  return {
    ...(scheduledDelayMillis !== undefined && { scheduledDelayMillis }),
    ...(maxQueueSize !== undefined && { maxQueueSize }),
    ...(maxExportBatchSize !== undefined && { maxExportBatchSize }),
  }
}

function positive(text: string | undefined): number | undefined {
  const number = Number(text)
  return number > 0 ? number : undefined
}

function withoutSecrets(attributes: SpanAttributes): Attributes {
  const clean: Attributes = {}
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || isSecretName(name)) continue
    clean[name] = typeof value === 'string' ? redact(value) : Array.isArray(value) ? value.map(redact) : value
  }
  return clean
}

function readTraceparent(text: string): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
}

function writeTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${(traceFlags & TraceFlags.SAMPLED).toString(16)}`
}
