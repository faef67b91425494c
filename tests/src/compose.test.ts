import { DCLinter } from 'dclint'
import { existsSync, readFileSync } from 'node:fs'
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
    expect(paths.filter((path) => !existsSync(join(INFRA, path)))).toEqual([])
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

test('Prometheus shares one network with each service that it scrapes, at the port that the service has', () => {
  const Scrapes = z.looseObject({
    scrape_configs: z.array(
      z.looseObject({ dns_sd_configs: z.array(z.looseObject({ names: z.array(z.string()), port: z.number() })).optional() }),
    ),
  })
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

test('.env.example names every variable that has no default', () => {
  const example = readFileSync(join(INFRA, '.env.example'), 'utf8')
  const needed = new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, variable]) => variable!))
  expect([...needed].filter((variable) => !new RegExp(`^${variable}=`, 'm').test(example))).toEqual([])
  const known = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, variable]) => variable!))
  const named = [...example.matchAll(/^#?([A-Z_]+)=/gm)].map(([, variable]) => variable!)
  expect(named.filter((variable) => !known.has(variable))).toEqual([])
})
