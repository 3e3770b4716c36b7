/**
 * The firewall rules of an instance, as one script for `sh`. They stand in two chains of its own, which are filled anew
 * in one step each time, so that setting them twice is setting them once:
 *
 *   LOTAN-INSTANCE       called by DOCKER-USER: what goes through this machine
 *   LOTAN-INSTANCE-IN    called by INPUT: what goes to this machine itself
 *
 * A container has no right to send from an address that is not its own, so addresses can be relied on.
 */

export interface Place {
  instance: string
  /** The network's interface on the engine's machine. */
  bridge: string
  /** The address on the network of the container that Lotan itself runs in; null where it runs in none. */
  front: string | null
}

/** Where clouds tell a machine its secrets; neighbours without a router. Nothing a preview may ask. */
const LINK_LOCAL = '169.254.0.0/16'

/** A rule without its chain. What no rule stops goes on to the machine's own rules. */
export interface Rules {
  forward: string[]
  input: string[]
}

/** The rules of both chains, in order. */
export function rulesOf({ bridge, front }: Place): Rules {
  const from = `-i ${bridge}`
  const answers = '-m conntrack --ctstate ESTABLISHED,RELATED'
  // The engine hands on a preview's look-ups to the machine's own name server: clouds have theirs at such an address.
  const names = (to: string) => ['udp', 'tcp'].map((protocol) => `${from}${to} -p ${protocol} --dport 53 -j RETURN`)
  return {
    forward: [
      // The network lets no container reach another: Lotan's own is let through, and what it is answered.
      ...(front
        ? [
            `${from} -o ${bridge} -s ${front} -j ACCEPT`,
            `${from} -o ${bridge} -d ${front} ${answers} -j ACCEPT`,
            `${from} -s ${front} -j RETURN`,
          ]
        : // A published port lets in, at the container's own address, everybody who knows a way to it (tried on 20.10).
          [`! -i ${bridge} -o ${bridge} -m conntrack --ctstate NEW -j DROP`]),
      ...names(` -d ${LINK_LOCAL}`),
      `${from} -d ${LINK_LOCAL} -j DROP`,
    ],
    input: [
      `${from} ${answers} -j RETURN`,
      ...(front ? [`${from} -s ${front} -j RETURN`] : []),
      ...names(''),
      `${from} -j DROP`,
    ],
  }
}

/** What the scripts say where the engine sets no rules of iptables' kind, and perhaps none at all. */
export const NO_CHAIN = "the engine's chain DOCKER-USER cannot be read"

/** Takes the iptables that the engine takes: the kernel has two sets of rules, and the engine's stand in one of them. */
const CHOOSE = `set -e
for iptables in iptables iptables-nft iptables-legacy none; do
  ! "$iptables" -w -n -L DOCKER-USER >/dev/null 2>&1 || break
done
if [ $iptables = none ]; then
  iptables -w -n -L DOCKER-USER >/dev/null || :
  echo "${NO_CHAIN}" >&2
  exit 1
fi
`

/** A script that sets the rules where it runs, as root, and says why when it cannot. */
export function scriptOf(place: Place): string {
  const chain = `LOTAN-${place.instance}`
  const { forward, input } = rulesOf(place)
  return `${CHOOSE}"$iptables-restore" -w --noflush <<'RULES'
*filter
:${chain} - [0:0]
:${chain}-IN - [0:0]
${forward.map((rule) => `-A ${chain} ${rule}\n`).join('')}${input.map((rule) => `-A ${chain}-IN ${rule}\n`).join('')}COMMIT
RULES
"$iptables" -w -C DOCKER-USER -j ${chain} 2>/dev/null || "$iptables" -w -I DOCKER-USER -j ${chain}
"$iptables" -w -C INPUT -j ${chain}-IN 2>/dev/null || "$iptables" -w -I INPUT -j ${chain}-IN
`
}

/** A script that ends well where the instance's chains are there and called. It changes nothing, and takes milliseconds. */
export function lookOf({ instance }: Pick<Place, 'instance'>): string {
  const chain = `LOTAN-${instance}`
  return `${CHOOSE}"$iptables" -w -C DOCKER-USER -j ${chain}
"$iptables" -w -C INPUT -j ${chain}-IN
`
}
