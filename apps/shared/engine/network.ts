/** The instance's bridge network: made when it is not there, with a subnet that collides with nothing. */
import fs from 'node:fs'
import os from 'node:os'
import type Docker from 'dockerode'
import { call } from './call.ts'
import { EngineError } from './error.ts'
import { dynamicRangeOf, gatewayOf, networkName, overlaps, subnetFor } from '../slots/slots.ts'

/** A machine that refuses this many subnets one after another refuses all. */
const MOST_TRIES = 20

/**
 * Makes sure that the network is there, and is there once: two processes that make it at the same time both succeed,
 * whatever `CheckDuplicate` says (tried), and a name that two networks have is of no use.
 *
 * @param recorded the subnet it had before, which it gets again if it has to be made anew and nothing else took it
 * @returns the subnet it has
 * @throws EngineError
 */
export async function ensureNetwork(docker: Docker, instance: string, recorded: string | null): Promise<string> {
  const refused: string[] = []
  for (;;) {
    const networks = await call('listing networks', (asked) => docker.listNetworks({ ...asked }))
    const [first, ...others] = networks.filter(({ Name }) => Name === networkName(instance)).sort(older)
    for (const { Id } of others) await remove(docker, Id)
    const subnet = first && subnetsOf(first)[0]
    if (subnet) return subnet

    const taken = [...networks.flatMap(subnetsOf), ...refused, ...networksOfThisMachine()]
    const wanted = recorded !== null && !overlaps(recorded, taken) ? recorded : subnetFor(taken)
    try {
      await create(docker, instance, wanted)
    } catch (error) {
      // Somebody else was quicker, with this network or with the subnet.
      if (!(error instanceof EngineError) || !/already exists|overlaps/i.test(error.message)) throw error
      if (refused.push(wanted) > MOST_TRIES) throw error
    }
  }
}

function subnetsOf(network: Docker.NetworkInspectInfo): string[] {
  return network.IPAM?.Config?.flatMap(({ Subnet }) => Subnet ?? []) ?? []
}

function older(a: Docker.NetworkInspectInfo, b: Docker.NetworkInspectInfo): number {
  return Date.parse(a.Created) - Date.parse(b.Created) || (a.Id < b.Id ? -1 : 1)
}

/** One that is in use, or gone already, is left. */
async function remove(docker: Docker, id: string): Promise<void> {
  const removed = call('removing a second network', (asked) => docker.getNetwork(id).remove({ ...asked }))
  await removed.catch((error: EngineError) => {
    if (error.code === 'engine-down') throw error
  })
}

function create(docker: Docker, instance: string, subnet: string) {
  return call('creating the network', (asked) =>
    docker.createNetwork({
      Name: networkName(instance),
      Driver: 'bridge',
      // Rules and slots are about IPv4: an engine that gives networks IPv6 of its own accord gives this one none.
      EnableIPv6: false,
      CheckDuplicate: true,
      IPAM: {
        Driver: 'default',
        Config: [{ Subnet: subnet, IPRange: dynamicRangeOf(subnet), Gateway: gatewayOf(subnet) }],
      },
      // Previews do not reach each other; this machine reaches them.
      Options: { 'com.docker.network.bridge.enable_icc': 'false' },
      Labels: { 'lotan.managed': 'true', 'lotan.instance': instance },
      ...asked,
    }),
  )
}

function networksOfThisMachine(): string[] {
  const interfaces = Object.values(os.networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).filter(({ family }) => family === 'IPv4').map(({ cidr, address }) => cidr ?? address),
  )
  return [...interfaces, ...routes()]
}

function routes(): string[] {
  try {
    return routesIn(fs.readFileSync('/proc/net/route', 'utf8'))
  } catch {
    return []
  }
}

/**
 * The networks that a Linux routing table leads to, the default route left out.
 * @param table the text of /proc/net/route: addresses in hexadecimal, last byte first
 */
export function routesIn(table: string): string[] {
  return table
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/))
    .filter((fields) => fields.length > 7 && fields[7] !== '00000000')
    .map((fields) => `${dotted(fields[1]!)}/${bits(fields[7]!)}`)
}

function dotted(hex: string): string {
  return [...Buffer.from(hex, 'hex')].reverse().join('.')
}

function bits(mask: string): number {
  return [...Buffer.from(mask, 'hex')].reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
}
