/** Chooses how nginx reaches previews: at their addresses on the network, or through ports of 127.0.0.1. */
import fs from 'node:fs'
import type { Config } from '../../shared/config/config.ts'
import type { Engine, OwnContainer } from '../../shared/engine/engine.ts'
import type { SlotKind } from '../../shared/slots/slots.ts'
import { ownContainer } from '../../shared/engine/own-container-id.ts'

export interface Facts {
  wanted: SlotKind | null
  own: Pick<OwnContainer, 'onHost'> | undefined
  /** Whether the network's bridge is an interface of this machine. */
  hasBridge: boolean
  dockerHost: string | null
}

export type Choice = { kind: SlotKind; why: string } | { problem: string }

export function chooseSlotKind({ wanted, own, hasBridge, dockerHost }: Facts): Choice {
  const joinsNetwork = own !== undefined && !own.onHost
  if (joinsNetwork && wanted === 'port')
    return {
      problem:
        "LOTAN_SLOT_KIND=port cannot work in a container with a network of its own, where 127.0.0.1 is not the engine's machine: leave it out, or run the container with --network host",
    }
  if (joinsNetwork) return { kind: 'network', why: "Lotan's own container joins the previews' network" }
  if (hasBridge && wanted === 'port') return { kind: 'port', why: 'LOTAN_SLOT_KIND says so' }
  if (hasBridge) return { kind: 'network', why: "the previews' network is on this machine" }
  if (isRemote(dockerHost))
    return {
      problem: `previews on the engine at ${dockerHost} cannot be reached from here: neither their network nor the engine's 127.0.0.1 is on this machine; run Lotan on the engine's own`,
    }
  if (wanted === 'network')
    return {
      problem:
        "LOTAN_SLOT_KIND=network cannot work here: the engine's network is not on this machine, so that its containers' addresses lead nowhere; write port, or leave it out",
    }
  return { kind: 'port', why: "the engine's network is not on this machine" }
}

export async function kindOfSlots(
  engine: Pick<Engine, 'bridge' | 'ownContainer'>,
  { slotKind, dockerHost }: Pick<Config, 'slotKind' | 'dockerHost'>,
): Promise<Choice> {
  const [own, bridge] = await Promise.all([ownContainer(engine), engine.bridge()])
  const hasBridge = fs.readFileSync('/proc/net/dev', 'utf8').includes(`${bridge}:`)
  return chooseSlotKind({ wanted: slotKind, own, hasBridge, dockerHost })
}

function isRemote(dockerHost: string | null): boolean {
  if (dockerHost === null || dockerHost.startsWith('unix:')) return false
  const { hostname } = new URL(dockerHost.replace(/^tcp:/, 'http:'))
  return hostname !== 'localhost' && hostname !== '[::1]' && !hostname.startsWith('127.')
}
