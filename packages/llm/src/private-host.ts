import { BlockList, isIP } from 'node:net'

/** Addresses that nobody on the internet can have: this machine's own, those of private networks, of links, and of carriers and overlay networks. */
const ADDRESSES = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  ADDRESSES.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  ADDRESSES.addSubnet(network, prefix, 'ipv6')

/** Names without a dot, such as a container's, and domains that public DNS has not. */
const NAMES = /^[^.]+$|\.(local|localhost|internal|lan|svc|home\.arpa)$/

/** The host of an endpoint that only its owner's machines can reach, such as a model server or a gateway; null for any other, and for what is no URL. */
export function privateHostOf(baseUrl: string): string | null {
  const name = URL.parse(baseUrl)?.hostname.replace(/^\[|\]$|\.$/g, '') ?? ''
  const version = isIP(name)
  const isPrivate = version === 0 ? NAMES.test(name) : ADDRESSES.check(name, version === 4 ? 'ipv4' : 'ipv6')
  return isPrivate ? name : null
}
