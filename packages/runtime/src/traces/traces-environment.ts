import { z } from 'zod'

const Endpoint = z
  .url({ protocol: /^https?$/, error: 'expected an http(s) URL such as http://127.0.0.1:4318' })
  .optional()
  .meta({ description: 'name the HTTP port of the collector, such as http://127.0.0.1:4318' })

/**
 * OpenTelemetry's own variables, as far as they are read here; those of the exporter (headers, certificates, time-out, compression) it reads itself. They are often set
 * for a whole machine or cluster: what is not understood in them is told and ignored, a URL that is none excepted.
 */
export const tracesEnvironment = {
  otlpEndpoint: Endpoint.meta({ ...Endpoint.meta(), variable: 'OTEL_EXPORTER_OTLP_ENDPOINT' }),
  otlpTracesEndpoint: Endpoint.meta({ ...Endpoint.meta(), variable: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' }),
  otlpProtocol: z.string().optional().meta({ variable: 'OTEL_EXPORTER_OTLP_PROTOCOL' }),
  otelDisabled: z.string().optional().meta({ variable: 'OTEL_SDK_DISABLED' }),
  otelTracesExporter: z.string().optional().meta({ variable: 'OTEL_TRACES_EXPORTER' }),
  otelServiceName: z.string().optional().meta({ variable: 'OTEL_SERVICE_NAME' }),
  otelTracesSampler: z.string().optional().meta({ variable: 'OTEL_TRACES_SAMPLER' }),
  otelTracesSamplerArg: z.string().optional().meta({ variable: 'OTEL_TRACES_SAMPLER_ARG' }),
  otelScheduleDelayMs: z.string().optional().meta({ variable: 'OTEL_BSP_SCHEDULE_DELAY' }),
  otelMaxQueueSize: z.string().optional().meta({ variable: 'OTEL_BSP_MAX_QUEUE_SIZE' }),
  otelMaxBatchSize: z.string().optional().meta({ variable: 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE' }),
  otelCaptureTexts: z.string().optional().meta({ variable: 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT' }),
}

const TracesEnvironment = z.object(tracesEnvironment)
export type TracesEnvironment = Partial<z.infer<typeof TracesEnvironment>>

/** Where spans are posted to, or null while traces are off. */
export function tracesEndpoint(environment: TracesEnvironment): string | null {
  const isDisabled = environment.otelDisabled?.toLowerCase() === 'true' || environment.otelTracesExporter?.trim() === 'none'
  if (isDisabled) return null
  if (environment.otlpTracesEndpoint !== undefined) return environment.otlpTracesEndpoint
  return environment.otlpEndpoint === undefined ? null : `${environment.otlpEndpoint.replace(/\/$/, '')}/v1/traces`
}

/** Whether the texts of requests and replies are to be in the spans too. */
export function capturesTexts(environment: TracesEnvironment): boolean {
  return ['true', 'span_only', 'span_and_event'].includes(environment.otelCaptureTexts?.toLowerCase() ?? '')
}
