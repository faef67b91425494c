import { DCLinter } from 'dclint'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { ROOT } from './dockerfile.ts'

const INFRA = join(ROOT, 'infra')
const COMPOSE = join(INFRA, 'compose.yaml')

/** What these tests look at, beyond the schema of the Compose specification. */
const Service = z.looseObject({
  image: z.string(),
  build: z.looseObject({ context: z.string(), dockerfile: z.string(), args: z.object({ APP: z.string() }) }).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  networks: z.array(z.string()),
  volumes: z.array(z.union([z.string(), z.looseObject({ source: z.string() })])).default([]),
  ports: z.array(z.string()).default([]),
})
const Compose = z.looseObject({
  services: z.record(z.string(), Service),
  networks: z.record(z.string(), z.object({ internal: z.boolean().optional() })),
})
const text = readFileSync(COMPOSE, 'utf8')
const { services, networks } = Compose.parse(parse(text, { merge: true }))
const service = (name: string) => services[name] ?? expect.fail(`compose.yaml has no service ${name}`)

/** In the data folder, where the first steps of infra/README.md make it. */
const CLIENTS = '../.toolwright/metrics'

/** The order of things is ours; that a service has both a build and an image names what is built. */
const RULES = {
  'no-build-and-image': 0,
  'service-dependencies-alphabetical-order': 0,
  'service-image-require-explicit-tag': 0,
  'service-keys-order': 0,
  'services-alphabetical-order': 0,
  'service-ports-alphabetical-order': 0,
  'top-level-properties-order': 0,
} as const

test.each(['compose.yaml', 'compose.seccomp.yaml'])('%s is as the schema of the Compose specification has it', (name) => {
  const rules = name === 'compose.yaml' ? RULES : { ...RULES, 'require-project-name-field': 0 as const }
  const linter = new DCLinter({ rules, quiet: true, debug: false, exclude: [] })
  // Its own types are lost on compilers that want file names in imports.
  const [{ messages }] = z
    .tuple([z.object({ messages: z.array(z.object({ line: z.number(), message: z.string() })) })])
    .parse(linter.lintFiles([join(INFRA, name)], false))
  expect(messages.map(({ line, message }) => `line ${line}: ${message}`)).toEqual([])
})

describe.each(Object.entries(services))('the service %s', (name, { networks: its, ...rest }) => {
  test('has a root file system that it cannot write, no capabilities, no way to more rights, and a health check', () => {
    expect(rest).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], restart: 'unless-stopped' })
    expect(rest).toHaveProperty('healthcheck.test')
  })

  test('is in networks that there are, and is published on loopback alone', () => {
    expect(Object.keys(networks)).toEqual(expect.arrayContaining(its))
    expect(rest.ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
  })

  test('mounts and builds what there is', () => {
    const sources = rest.volumes.map((volume) => (typeof volume === 'string' ? volume.split(':')[0]! : volume.source))
    const paths = sources.map((source) => source.replace(/^\$\{\w+:-(.*)\}$/, '$1')).filter((source) => source.startsWith('.'))
    expect(paths.filter((path) => path !== CLIENTS && !existsSync(join(INFRA, path)))).toEqual([])
    const isPinned = /:v?\d+\.\d+/.test(rest.image)
    const isOurs = existsSync(join(ROOT, 'apps', name)) && rest.build?.context === '..' && rest.build.args.APP === name
    expect([isPinned, isOurs && rest.build?.dockerfile]).toEqual(isOurs ? [false, 'infra/Dockerfile'] : [true, false])
  })
})

test('an executor is given no model key, no password but its own, and no network with a way out', () => {
  const { environment, networks: its } = service('executor')
  expect(Object.keys(environment).filter((name) => /KEY|MODEL|PASSWORD/.test(name))).toEqual([])
  const used = Object.values(environment).flatMap((value) =>
    [...String(value).matchAll(/\$\{(\w*PASSWORD\w*)/g)].map(([, variable]) => variable),
  )
  expect(used).toEqual(['EXECUTOR_REDIS_PASSWORD'])
  expect(its.map((name) => networks[name]?.internal)).toEqual([true])
  const neighbours = Object.keys(services).filter((name) => service(name).networks.some((network) => its.includes(network)))
  expect(neighbours.toSorted()).toEqual(['executor', 'prometheus', 'redis'])
})

const Scrapes = z.looseObject({
  scrape_configs: z.array(
    z.looseObject({
      dns_sd_configs: z.array(z.looseObject({ names: z.array(z.string()), port: z.number() })).optional(),
      file_sd_configs: z.array(z.looseObject({ files: z.array(z.string()) })).optional(),
    }),
  ),
})

test('Prometheus shares one network with each service that it scrapes, at the port that the service has', () => {
  const { scrape_configs: jobs } = Scrapes.parse(parse(readFileSync(join(INFRA, 'prometheus/prometheus.yml'), 'utf8')))
  const scraped = jobs.flatMap((job) => (job.dns_sd_configs ?? []).flatMap(({ names, port }) => names.map((name) => ({ name, port }))))
  expect(scraped.map(({ name }) => name).toSorted()).toEqual(['executor', 'exporter', 'maker', 'producer', 'user'])
  for (const { name, port } of scraped) {
    expect(service(name).environment).toMatchObject({ TOOLWRIGHT_METRICS_PORT: port, TOOLWRIGHT_METRICS_HOST: '0.0.0.0' })
    expect(
      service(name).networks.filter((network) => service('prometheus').networks.includes(network)),
      name,
    ).toHaveLength(1)
  }
})

/** Brought by ./toolwright test where the whole of it is run. */
const PROMTOOL = process.env['TOOLWRIGHT_PROMTOOL']

test.runIf(PROMTOOL !== undefined)(
  `Prometheus scrapes the containers and the clients of runs that list themselves on this machine, and nothing else there${PROMTOOL === undefined ? ' (there is no promtool here)' : ''}`,
  () => {
    const mounted = service('prometheus').volumes.filter((volume) => typeof volume !== 'string' && volume.source.includes(CLIENTS))
    expect(mounted).toMatchObject([{ target: '/clients', read_only: true, bind: { create_host_path: false } }])
    const {
      scrape_configs: [job],
    } = Scrapes.parse(parse(readFileSync(join(INFRA, 'prometheus/prometheus.yml'), 'utf8')))
    expect(job?.file_sd_configs).toMatchObject([{ files: ['/clients/*.json'] }])

    const folder = mkdtempSync(join(tmpdir(), 'toolwright-clients-'))
    try {
      const targets = [
        { targets: ['127.0.0.1:4001'], labels: { stage: 'run' } },
        { targets: ['172.17.0.1:4002'], labels: { stage: 'run' } },
        { targets: ['127.0.0.1:4003'], labels: { stage: 'user' } },
        // As DNS finds a container, where there are any.
        { targets: ['10.0.0.2:9464'], labels: { __meta_dns_name: 'user' } },
      ]
      writeFileSync(join(folder, 'targets.json'), JSON.stringify(targets))
      const here = { ...job, dns_sd_configs: [], file_sd_configs: [{ files: [join(folder, 'targets.json')] }] }
      // JSON is YAML.
      writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify({ scrape_configs: [here] }))
      const command = ['check', 'service-discovery', '--timeout=1s', join(folder, 'prometheus.yml'), 'toolwright']
      const { stdout, stderr } = spawnSync(PROMTOOL!, command, { encoding: 'utf8' })
      expect(stdout, stderr).toMatch(/^\[/)
      const Targets = z.array(z.object({ labels: z.object({ instance: z.string(), stage: z.string() }).partial() }))
      const scraped = Targets.parse(JSON.parse(stdout)).flatMap(({ labels }) => (labels.instance === undefined ? [] : [labels]))
      expect(scraped.map(({ stage, instance }) => `${stage} ${instance}`).toSorted()).toEqual([
        'run 172.17.0.1:4002',
        'run host.docker.internal:4001',
        'user 10.0.0.2:9464',
      ])
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)

const example = readFileSync(join(INFRA, '.env.example'), 'utf8')
/** Every line that sets a variable, those that are commented out too; a later one holds. */
const exemplary = new Map([...example.matchAll(/^#?([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]))

test('.env.example lists every variable that compose.yaml takes, and none that it does not', () => {
  const taken = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, variable]) => variable!))
  expect([...exemplary.keys()].toSorted()).toEqual([...taken].toSorted())
  const needed = [...text.matchAll(/\$\{(\w+):\?/g)].map(([, variable]) => variable!)
  expect(needed.filter((variable) => !new RegExp(`^${variable}=`, 'm').test(example))).toEqual([])
})

/** What a container is given by compose.yaml with this .env. */
function given(stage: string, env: (variable: string) => string | undefined): Record<string, string> {
  const filledIn = (value: string) =>
    value.replace(/\$\{(\w+)(?::-(.*?)|:\?.*?)\}/g, (_, variable: string, otherwise = '') => env(variable) || String(otherwise))
  return Object.fromEntries(Object.entries(service(stage).environment).map(([name, value]) => [name, filledIn(String(value))]))
}

describe('the settings of a stage', () => {
  /** What a stage reads and compose.yaml does not pass to it, and why. */
  const NOT_PASSED: Record<string, string> = {
    TOOLWRIGHT_HOME: 'the image sets it',
    TOOLWRIGHT_METRICS: 'Prometheus comes along, and a container without metrics would have to be told from one that is down',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'it is only read to say that http/json is all there is',
    OTEL_SDK_DISABLED: 'traces are off where no endpoint is set',
    OTEL_TRACES_EXPORTER: 'likewise',
  }
  const NOT_PASSED_TO: Record<string, Record<string, string>> = {
    producer: { NO_COLOR: 'for the client of a run, which is the same app', TERM: 'likewise' },
    executor: {
      TOOLWRIGHT_IMAGE_FOLDER: 'the image sets it',
      TOOLWRIGHT_SANDBOX_WHEELS: 'wheels need a volume too: infra/README.md, "The images"',
    },
  }
  const Env = z.object({ readEnvironment: z.custom<() => Record<string, unknown>>((value) => typeof value === 'function') })

  /** The stage's own reader of its environment, at work on this one; `asked`: the variables it looked at. */
  async function reading(stage: string, environment: Record<string, string>) {
    const module: unknown = await import(join(ROOT, 'apps', stage, 'src/env.ts'))
    const { readEnvironment } = Env.parse(module)
    const asked = new Set<string>()
    const own = process.env
    process.env = new Proxy(environment, {
      get: (target, name) => {
        asked.add(String(name))
        return target[String(name)]
      },
    })
    try {
      return { settings: readEnvironment(), asked: [...asked] }
    } finally {
      process.env = own
    }
  }

  const NEEDED: Record<string, string> = {
    REDIS_PASSWORD: 'one',
    EXECUTOR_REDIS_PASSWORD: 'another',
    TOOLWRIGHT_STRONG_MODEL: 'strong',
    TOOLWRIGHT_LIGHT_MODEL: 'light',
  }

  test.each(['producer', 'user', 'maker', 'executor', 'exporter'])(
    'are passed to the %s, all that it reads and no other',
    async (stage) => {
      const environment = given(stage, (variable) => NEEDED[variable])
      const { asked } = await reading(stage, environment)
      const expected = [...Object.keys(environment), ...Object.keys(NOT_PASSED), ...Object.keys(NOT_PASSED_TO[stage] ?? {})]
      expect(asked.toSorted()).toEqual(expected.toSorted())
    },
  )

  test.each(['producer', 'user', 'maker', 'executor', 'exporter'])('of the %s have the defaults that .env.example shows', async (stage) => {
    const { settings } = await reading(
      stage,
      given(stage, (variable) => NEEDED[variable]),
    )
    const shown = await reading(
      stage,
      given(stage, (variable) => NEEDED[variable] ?? exemplary.get(variable)),
    )
    // What has no default is an example there.
    const defaults = Object.entries(settings).filter(([, value]) => value !== undefined)
    expect(shown.settings).toMatchObject(Object.fromEntries(defaults))
  })
})
