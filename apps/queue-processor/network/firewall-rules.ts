/**
 * Writes the firewall rules of an instance as one script for `sh`. Each run refills the instance's own chains:
 *
 * LOTAN-INSTANCE (table mangle, called by FORWARD): drops forwarded packets
 * LOTAN-INSTANCE (called by DOCKER-USER): accepts packets that the engine would drop
 * LOTAN-INSTANCE-IN (called by INPUT): drops packets to this machine itself
 *
 * DOCKER-USER cannot drop reliably: whenever the engine makes a network, it removes the call of that chain for a
 * moment. 462 of 9 844 connections from outside came through then, and none of 10 478 in the table mangle (20.10).
 * Source addresses can be trusted: containers have no right to forge them.
 */

import type { Place } from '../../shared/config/config.ts'
import { stackBridgePrefix } from '../../shared/slots/container-name.ts'
import { mutedRangeOf } from '../../shared/slots/service-slots.ts'
import { callsOf, chainOf, CHOOSE_IPTABLES, type ChainCall } from '../../shared/firewall-chains.ts'

export interface FirewallFacts {
  instance: string
  /** Of the previews' network. */
  bridge: string
  subnet: string
  /** The address of Lotan's own container on the network; null where Lotan is not a container. */
  front: string | null
  /** Where previews reach nginx, to call those that they go with; null where they do not. */
  calls: Place | null
}

/** Cloud metadata services and link-local neighbours. */
const LINK_LOCAL = '169.254.0.0/16'

/** Between two networks, not within one: not every kernel can tell. */
const ROUTED = '-m physdev ! --physdev-is-bridged'

/** A packet that no rule stops goes on to the machine's own rules. */
export interface Rules {
  dropped: string[]
  accepted: string[]
  input: string[]
}

export function rulesOf({ instance, bridge, subnet, front, calls }: FirewallFacts): Rules {
  const from = `-i ${bridge}`
  const stacks = `${stackBridgePrefix(instance)}+`
  const closed = `${from} -s ${mutedRangeOf(subnet)}`
  // A container may send by its address on its stack's network too.
  const strange = `${from} ! -s ${subnet}`
  const called = calls && `-d ${calls.host} -p tcp --dport ${calls.port} -j ACCEPT`
  const answers = '-m conntrack --ctstate ESTABLISHED,RELATED'
  // The engine forwards a preview's DNS requests to the machine's name server, which clouds put at such an address.
  const names = (to: string) => ['udp', 'tcp'].map((protocol) => `${from}${to} -p ${protocol} --dport 53 -j RETURN`)
  return {
    dropped: [
      // Stacks have no way in or out: the engine's own rules for that are taken away and set again at times.
      `-i ${stacks} ! -o ${stacks} -j DROP`,
      `! -i ${stacks} -o ${stacks} -j DROP`,
      `-i ${stacks} -o ${stacks} ${ROUTED} -j DROP`,
      `${closed} -m conntrack --ctstate NEW -j DROP`,
      `${strange} -j DROP`,
      front
        ? `${from} -s ${front} -j RETURN`
        : // A published port accepts clients that reach the container's own address (tried on 20.10).
          `! -i ${bridge} -o ${bridge} -m conntrack --ctstate NEW -j DROP`,
      ...names(` -d ${LINK_LOCAL}`),
      `${from} -d ${LINK_LOCAL} -j DROP`,
    ],
    // The network keeps containers apart: Lotan's own gets through, and so do its answers.
    accepted: front
      ? [
          `${from} -o ${bridge} -s ${front} -j ACCEPT`,
          `${from} -o ${bridge} -d ${front} ${answers} -j ACCEPT`,
          ...(called ? [`${from} -o ${bridge} ${called}`] : []),
        ]
      : [],
    input: [
      `-i ${stacks} ${answers} -j RETURN`,
      ...refusals(`-i ${stacks}`),
      `${from} ${answers} -j RETURN`,
      ...refusals(closed),
      ...refusals(strange),
      ...(front ? [`${from} -s ${front} -j RETURN`] : []),
      ...names(''),
      // Not left to the machine's own rules, which may let nothing in.
      ...(called && !front ? [`${from} ${called}`] : []),
      ...refusals(from),
    ],
  }
}

/** Refused, not dropped: an application that calls its own address gets an error at once. */
function refusals(from: string): string[] {
  return [`${from} -p tcp -j REJECT --reject-with tcp-reset`, `${from} -j REJECT --reject-with icmp-port-unreachable`]
}

export function scriptOf(facts: FirewallFacts): string {
  const { instance } = facts
  const chain = chainOf(instance)
  const rules = rulesOf(facts)
  const filled = (name: string, all: string[]) => all.map((rule) => `-A ${name} ${rule}\n`).join('')
  const tables = ({ dropped, accepted, input }: Rules) => `*mangle
:${chain} - [0:0]
${filled(chain, dropped)}COMMIT
*filter
:${chain} - [0:0]
:${chain}-IN - [0:0]
${filled(chain, accepted)}${filled(`${chain}-IN`, input)}COMMIT`
  return `${CHOOSE_IPTABLES}"$iptables-restore" -w --noflush 2>/dev/null <<'RULES' || "$iptables-restore" -w --noflush <<'WITHOUT'
${tables(rules)}
RULES
${tables(forLesserKernels(rules))}
WITHOUT
${callsOf(instance)
  .map((call) => `${checkOf(call)} 2>/dev/null || "$iptables" -w -t ${call.table} -I ${call.from} -j ${call.to}\n`)
  .join('')}`
}

/** A kernel without REJECT, or that cannot tell what is routed, refuses the whole set for it. */
function forLesserKernels({ dropped, accepted, input }: Rules): Rules {
  return {
    dropped: dropped.filter((rule) => !rule.includes(ROUTED)),
    accepted,
    input: input.map((rule) => rule.replace(/ -j REJECT .*/, ' -j DROP')),
  }
}

/** Succeeds where the instance's chains exist, are called and shut stacks in. Changes nothing, takes milliseconds. */
export function checkScriptOf({ instance }: Pick<FirewallFacts, 'instance'>): string {
  const stacks = `${stackBridgePrefix(instance)}+`
  const chain = chainOf(instance)
  const checks = [
    ...callsOf(instance).map(checkOf),
    `"$iptables" -w -t mangle -C ${chain} -i ${stacks} ! -o ${stacks} -j DROP`,
    `"$iptables" -w -C ${chain}-IN -i ${stacks} -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN`,
  ]
  return `${CHOOSE_IPTABLES}${checks.map((check) => `${check}\n`).join('')}`
}

function checkOf({ table, from, to }: ChainCall): string {
  return `"$iptables" -w -t ${table} -C ${from} -j ${to}`
}
