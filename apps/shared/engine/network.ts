/** The instance's bridge network has a subnet that collides with nothing. */
import fs from 'node:fs'
import os from 'node:os'
import type Docker from 'dockerode'
import { call, readAnswer } from './call.ts'
import { EngineError } from './error.ts'
import { dynamicRangeOf, gatewayOf, networkName, overlaps, subnetFor } from '../slots/slots.ts'

/** A machine that refuses this many subnets refuses all. */
const MAX_TRIES = 20

/** @param recorded its former subnet, which it gets again unless another network took it */
export async function ensureNetwork(docker: Docker, instance: string, recorded: string | null): Promise<string> {
  const refused: string[] = []
  for (let tries = 0; ; tries++) {
    if (tries > MAX_TRIES)
      throw new EngineError('engine-down', 'the engine lists no network that it says it has created')
    const networks = await call('listing networks', (abort) => docker.listNetworks({ ...abort }))
    const { subnet, others, inUse } = readAnswer('listing networks', () => {
      const [first, ...others] = networks.filter(({ Name }) => Name === networkName(instance)).sort(older)
      return { subnet: first && subnetsOf(first)[0], others, inUse: networks.flatMap(subnetsOf) }
    })
    for (const { Id } of others) await remove(docker, Id)
    if (subnet) return subnet

    const taken = [...inUse, ...refused, ...networksOfThisMachine()]
    const wanted = recorded !== null && !overlaps(recorded, taken) ? recorded : subnetFor(taken)
    try {
      await create(docker, instance, wanted)
    } catch (error) {
      // Another process was quicker. Two that create it at once both succeed, whatever `CheckDuplicate` says (tried).
      if (!(error instanceof EngineError) || !/already exists|overlaps/i.test(error.message)) throw error
      if (refused.push(wanted) > MAX_TRIES) throw error
    }
  }
}

export function subnetsOf(network: Docker.NetworkInspectInfo): string[] {
  return network.IPAM?.Config?.flatMap(({ Subnet }) => Subnet ?? []) ?? []
}

function older(a: Docker.NetworkInspectInfo, b: Docker.NetworkInspectInfo): number {
  return Date.parse(a.Created) - Date.parse(b.Created) || (a.Id < b.Id ? -1 : 1)
}

async function remove(docker: Docker, id: string): Promise<void> {
  const removed = call('removing a second network', (abort) => docker.getNetwork(id).remove({ ...abort }))
  await removed.catch((error: EngineError) => {
    if (error.code === 'engine-down') throw error
  })
}

function create(docker: Docker, instance: string, subnet: string) {
  return call('creating the network', (abort) =>
    docker.createNetwork({
      Name: networkName(instance),
      Driver: 'bridge',
      // Firewall and slots are IPv4 only; some engines enable IPv6 by default.
      EnableIPv6: false,
      CheckDuplicate: true,
      IPAM: {
        Driver: 'default',
        Config: [{ Subnet: subnet, IPRange: dynamicRangeOf(subnet), Gateway: gatewayOf(subnet) }],
      },
      // Previews cannot reach each other; this machine reaches them.
      Options: { 'com.docker.network.bridge.enable_icc': 'false' },
      Labels: { 'lotan.managed': 'true', 'lotan.instance': instance },
      ...abort,
    }),
  )
}

/** @param isOwn whether an interface is left out */
export function networksOfThisMachine(isOwn: (name: string) => boolean = () => false): string[] {
  const interfaces = Object.entries(os.networkInterfaces()).flatMap(([name, addresses]) =>
    (isOwn(name) ? [] : (addresses ?? []))
      .filter(({ family }) => family === 'IPv4')
      .map(({ cidr, address }) => cidr ?? address),
  )
  return [...interfaces, ...routes(isOwn)]
}

function routes(isOwn: (name: string) => boolean): string[] {
  try {
    return routesIn(fs.readFileSync('/proc/net/route', 'utf8'), isOwn)
  } catch {
    return []
  }
}

/** @param table the text of /proc/net/route: hexadecimal addresses, last byte first */
export function routesIn(table: string, isOwn: (name: string) => boolean = () => false): string[] {
  return table
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/))
    .filter((fields) => [fields[1], fields[7]].every((field) => /^[0-9A-F]{8}$/.test(field ?? '')))
    .filter((fields) => fields[7] !== '00000000' && !isOwn(fields[0]!))
    .map((fields) => `${dotted(fields[1]!)}/${bits(fields[7]!)}`)
}

function dotted(hex: string): string {
  return [...Buffer.from(hex, 'hex')].reverse().join('.')
}

function bits(mask: string): number {
  return [...Buffer.from(mask, 'hex')].reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
}
