import { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler, type Sampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace'

/** The sampler that OTEL_TRACES_SAMPLER names, with the share of OTEL_TRACES_SAMPLER_ARG (0 to 1); null for a name that is not known, or a share that is none. */
export function samplerNamed(name = 'parentbased_always_on', share = '1'): Sampler | null {
  const ratio = Number(share)
  if (!(ratio >= 0 && ratio <= 1)) return null
  switch (name.toLowerCase()) {
    case 'always_on':
      return new AlwaysOnSampler()
    case 'always_off':
      return new AlwaysOffSampler()
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio)
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() })
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() })
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) })
    default:
      return null
  }
}
