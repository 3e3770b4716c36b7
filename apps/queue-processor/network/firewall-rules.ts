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
import { callsOf, chainOf, CHOOSE_IPTABLES, type ChainCall } from '../../shared/firewall-chains.ts'

export interface FirewallFacts {
  instance: string
  bridge: string
  /** The address of Lotan's own container on the network; null where Lotan is not a container. */
  front: string | null
  /** Where previews reach nginx, to call those that they go with; null where they do not. */
  calls: Place | null
}

/** Cloud metadata services and link-local neighbours. */
const LINK_LOCAL = '169.254.0.0/16'

/** A packet that no rule stops goes on to the machine's own rules. */
export interface Rules {
  dropped: string[]
  accepted: string[]
  input: string[]
}

export function rulesOf({ bridge, front, calls }: FirewallFacts): Rules {
  const from = `-i ${bridge}`
  const called = calls && `-d ${calls.host} -p tcp --dport ${calls.port} -j ACCEPT`
  const answers = '-m conntrack --ctstate ESTABLISHED,RELATED'
  // The engine forwards a preview's DNS requests to the machine's name server, which clouds put at such an address.
  const names = (to: string) => ['udp', 'tcp'].map((protocol) => `${from}${to} -p ${protocol} --dport 53 -j RETURN`)
  return {
    dropped: [
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
      `${from} ${answers} -j RETURN`,
      ...(front ? [`${from} -s ${front} -j RETURN`] : []),
      ...names(''),
      // Not left to the machine's own rules, which may let nothing in.
      ...(called && !front ? [`${from} ${called}`] : []),
      // Refused, not dropped: an application that calls its own address gets an error at once.
      `${from} -p tcp -j REJECT --reject-with tcp-reset`,
      `${from} -j REJECT --reject-with icmp-port-unreachable`,
    ],
  }
}

export function scriptOf(facts: FirewallFacts): string {
  const { instance } = facts
  const chain = chainOf(instance)
  const rules = rulesOf(facts)
  const filled = (name: string, all: string[]) => all.map((rule) => `-A ${name} ${rule}\n`).join('')
  const tables = (input: string[]) => `*mangle
:${chain} - [0:0]
${filled(chain, rules.dropped)}COMMIT
*filter
:${chain} - [0:0]
:${chain}-IN - [0:0]
${filled(chain, rules.accepted)}${filled(`${chain}-IN`, input)}COMMIT`
  return `${CHOOSE_IPTABLES}"$iptables-restore" -w --noflush 2>/dev/null <<'RULES' || "$iptables-restore" -w --noflush <<'WITHOUT'
${tables(rules.input)}
RULES
${tables(withoutReject(rules.input))}
WITHOUT
${callsOf(instance)
  .map((call) => `${checkOf(call)} 2>/dev/null || "$iptables" -w -t ${call.table} -I ${call.from} -j ${call.to}\n`)
  .join('')}`
}

/** For a kernel without REJECT, which refuses the whole set for it. */
function withoutReject(rules: string[]): string[] {
  return rules.map((rule) => rule.replace(/ -j REJECT .*/, ' -j DROP'))
}

/** Succeeds where the instance's chains exist and are called. Changes nothing, takes milliseconds. */
export function checkScriptOf({ instance }: Pick<FirewallFacts, 'instance'>): string {
  return `${CHOOSE_IPTABLES}${callsOf(instance)
    .map((call) => `${checkOf(call)}\n`)
    .join('')}`
}

function checkOf({ table, from, to }: ChainCall): string {
  return `"$iptables" -w -t ${table} -C ${from} -j ${to}`
}
