import { isAbsolute, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { commonEnvironment, ConfigurationError, parseEnvironment } from './environment.ts'
import { modelEnvironment, modelSettings } from './model-environment.ts'

const Common = z.object(commonEnvironment)
const REDIS = { REDIS_URL: 'redis://127.0.0.1:6390' }

function problemsOf(run: () => unknown): string[] {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message.split('\n')
    throw error
  }
  throw new Error('expected a ConfigurationError')
}

describe('parseEnvironment', () => {
  test('has defaults for all but Redis', () => {
    const { home, ...rest } = parseEnvironment(Common, REDIS)
    expect(rest).toEqual({
      redisUrl: 'redis://127.0.0.1:6390',
      prefix: 'toolwright',
      space: 'default',
      metricsPort: 0,
      metricsHost: '127.0.0.1',
      metrics: 'on',
      logLevel: 'info',
      batchLines: 256,
      redisPersistence: 'needed',
    })
    expect(isAbsolute(home)).toBe(true)
    expect(home).toMatch(/[/\\]\.toolwright$/)
  })

  test('reads each property from its variable', () => {
    const env = {
      ...REDIS,
      TOOLWRIGHT_PREFIX: 'tw',
      TOOLWRIGHT_SPACE: 'acme',
      TOOLWRIGHT_HOME: 'data',
      TOOLWRIGHT_METRICS_PORT: '9100',
      TOOLWRIGHT_METRICS_HOST: '::',
      TOOLWRIGHT_LOG_LEVEL: 'debug',
      TOOLWRIGHT_BATCH_LINES: '7',
    }
    const settings = parseEnvironment(Common, env)
    expect(settings).toEqual({
      redisUrl: REDIS.REDIS_URL,
      redisPersistence: 'needed',
      prefix: 'tw',
      space: 'acme',
      home: resolve('data'),
      metricsPort: 9100,
      metricsHost: '::',
      metrics: 'on',
      logLevel: 'debug',
      batchLines: 7,
    })
  })

  test('takes an empty variable as not set', () => {
    expect(parseEnvironment(Common, { ...REDIS, TOOLWRIGHT_PREFIX: '', TOOLWRIGHT_METRICS_PORT: '' })).toMatchObject({
      prefix: 'toolwright',
      metricsPort: 0,
    })
  })

  test('names every problem and its mend at once', () => {
    const env = { TOOLWRIGHT_METRICS_PORT: 'ninety', TOOLWRIGHT_LOG_LEVEL: 'loud', TOOLWRIGHT_PREFIX: '{x}' }
    expect(problemsOf(() => parseEnvironment(Common, env))).toEqual([
      'REDIS_URL is not set; set it to the Redis that all processes share, such as redis://127.0.0.1:6379',
      'TOOLWRIGHT_PREFIX is wrong: expected 1 to 32 letters, digits, _ or -, got "{x}"',
      'TOOLWRIGHT_METRICS_PORT is wrong: expected a port number, got "ninety"',
      'TOOLWRIGHT_LOG_LEVEL is wrong: Invalid option: expected one of "debug"|"info"|"warn"|"error", got "loud"',
    ])
  })

  test('shows no secret', () => {
    const [problem] = problemsOf(() => parseEnvironment(Common, { REDIS_URL: 'http://me:hunter2@host' }))
    expect(problem).toContain('got "http://me:…@host"')
    const [key] = problemsOf(() =>
      parseEnvironment(z.object({ strongApiKey: z.string().max(3) }), { TOOLWRIGHT_STRONG_API_KEY: 'hunter2' }),
    )
    expect(key).not.toContain('hunter2')
  })
})

const settings = (env: Record<string, string>) => modelSettings(parseEnvironment(z.object(modelEnvironment), env))

describe('modelSettings', () => {
  const MODELS = { TOOLWRIGHT_STRONG_MODEL: 's', TOOLWRIGHT_LIGHT_MODEL: 'l' }

  test("takes each role's own values first, then OpenAI's", () => {
    const env = {
      ...MODELS,
      OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
      OPENAI_API_KEY: 'k',
      TOOLWRIGHT_LIGHT_BASE_URL: 'http://127.0.0.1:2/v1',
      TOOLWRIGHT_LIGHT_API_KEY: 'lk',
    }
    expect(settings(env)).toEqual({
      strong: { baseUrl: 'http://127.0.0.1:1/v1', apiKey: 'k', model: 's' },
      light: { baseUrl: 'http://127.0.0.1:2/v1', apiKey: 'lk', model: 'l' },
    })
  })

  test('takes limits for a minute, whole numbers', () => {
    const env = { ...MODELS, OPENAI_API_KEY: 'k', TOOLWRIGHT_STRONG_RPM: '500', TOOLWRIGHT_LIGHT_TPM: '200000' }
    expect(settings(env)).toMatchObject({ strong: { limits: { requests: 500 } }, light: { limits: { tokens: 200_000 } } })
    expect(settings({ ...MODELS, OPENAI_API_KEY: 'k' }).strong).not.toHaveProperty('limits')
    expect(problemsOf(() => settings({ ...env, TOOLWRIGHT_STRONG_RPM: '0' }))[0]).toMatch(/^TOOLWRIGHT_STRONG_RPM is wrong: .*got "0"/)
    expect(problemsOf(() => settings({ ...env, TOOLWRIGHT_LIGHT_TPM: 'many' }))).toEqual([
      'TOOLWRIGHT_LIGHT_TPM is wrong: expected a whole number, got "many"',
    ])
  })

  test("takes a role's own price tier first, then that of both", () => {
    const env = { ...MODELS, OPENAI_API_KEY: 'k', TOOLWRIGHT_PRICE_TIER: 'batch', TOOLWRIGHT_LIGHT_PRICE_TIER: 'flex' }
    expect(settings(env)).toMatchObject({ strong: { priceTier: 'batch' }, light: { priceTier: 'flex' } })
    expect(settings({ ...MODELS, OPENAI_API_KEY: 'k' }).light).not.toHaveProperty('priceTier')
  })

  test('needs only a key and models for OpenAI itself', () => {
    expect(settings({ ...MODELS, OPENAI_API_KEY: 'k' }).strong).toEqual({ baseUrl: 'https://api.openai.com/v1', apiKey: 'k', model: 's' })
  })

  test('needs no key for an endpoint of another host', () => {
    expect(settings({ ...MODELS, OPENAI_BASE_URL: 'http://127.0.0.1:11434/v1' }).light.apiKey).toBe('')
  })

  test('names all that is missing', () => {
    expect(problemsOf(() => settings({ TOOLWRIGHT_LIGHT_BASE_URL: 'http://127.0.0.1:2/v1' }))).toEqual([
      'TOOLWRIGHT_STRONG_MODEL is not set; name the strong model',
      'TOOLWRIGHT_STRONG_API_KEY is not set, nor is OPENAI_API_KEY; set one, or TOOLWRIGHT_STRONG_BASE_URL to an endpoint that needs no key',
      'TOOLWRIGHT_LIGHT_MODEL is not set; name the light model',
    ])
  })

  test('refuses a base URL that is none', () => {
    expect(problemsOf(() => settings({ ...MODELS, TOOLWRIGHT_STRONG_BASE_URL: 'localhost:1234' }))).toEqual([
      'TOOLWRIGHT_STRONG_BASE_URL is wrong: expected an http(s) URL such as https://api.openai.com/v1, got "localhost:1234"',
    ])
  })
})
