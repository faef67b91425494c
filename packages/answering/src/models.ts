import { openModel, openPrices } from '@toolwright/llm'
import { modelSettings } from '@toolwright/runtime'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { StrongCost } from './finish-lines.ts'
import type { Budgets, ModelCallEvent, Models } from './payer.ts'

/** The two models as the environment names them, what a day and a make may cost, what tokens cost at the strong one, and what is measured of their calls. Throws ConfigurationError. */
export function openModels(environment: Parameters<typeof modelSettings>[0] & { modelTimeoutMs: number }): {
  models: Models
  budgets: Budgets
  strongCost: StrongCost
  observe: { record: (event: ModelCallEvent) => void; register: (registry: Registry | null) => void }
} {
  const settings = modelSettings(environment)
  const prices = {
    strong: openPrices(environment.prices, settings.strong.priceTier),
    light: openPrices(environment.prices, settings.light.priceTier),
  }
  const timeoutMs = environment.modelTimeoutMs
  const models: Models = {
    strong: openModel({ role: 'strong', ...settings.strong, timeoutMs }, prices.strong),
    light: openModel({ role: 'light', ...settings.light, timeoutMs }, prices.light),
  }
  const calls = new Counter({
    name: 'toolwright_model_attempts_total',
    help: 'Model calls that this process began, by how they ended',
    labelNames: ['role', 'purpose', 'model', 'outcome'],
    registers: [],
  })
  const latency = new Histogram({
    name: 'toolwright_model_call_seconds',
    help: 'Time from sending a model call to the end of its reply',
    labelNames: ['role', 'purpose', 'model'],
    buckets: [0.05, 0.2, 0.5, 1, 2, 5, 10, 30, 120],
    registers: [],
  })
  const free = new Gauge({
    name: 'toolwright_model_limit_free_ratio',
    help: 'Share of a model limit on requests or tokens a minute that was free when this process last called; only where the limit is known',
    labelNames: ['model', 'limit'],
    registers: [],
  })
  let isMeasured = false
  return {
    models,
    budgets: { dayNano: environment.maxUsdPerDay, makeNano: environment.maxUsdPerMake },
    strongCost: (tokens) => prices.strong.costOf(settings.strong.model, tokens, settings.strong.baseUrl).costNano,
    observe: {
      record: ({ role, purpose, model, outcome, latencyMs, room }) => {
        if (!isMeasured) return
        calls.inc({ role, purpose, model, outcome })
        latency.observe({ role, purpose, model }, latencyMs / 1000)
        for (const limit of ['requests', 'tokens'] as const)
          if (room[limit]) free.set({ model, limit }, room[limit].free / room[limit].limit)
      },
      register: (registry) => {
        if (registry === null) return
        isMeasured = true
        registry.registerMetric(calls)
        registry.registerMetric(latency)
        registry.registerMetric(free)
      },
    },
  }
}
