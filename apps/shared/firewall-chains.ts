/** The names of an instance's firewall chains: what sets them (queue-processor) and what removes them (lotan purge). */

export interface ChainCall {
  table: string
  from: string
  to: string
}

export function chainOf(instance: string): string {
  return `LOTAN-${instance}`
}

export function callsOf(instance: string): ChainCall[] {
  const chain = chainOf(instance)
  return [
    { table: 'mangle', from: 'FORWARD', to: chain },
    { table: 'filter', from: 'DOCKER-USER', to: chain },
    { table: 'filter', from: 'INPUT', to: `${chain}-IN` },
  ]
}

/** The scripts' message where the engine sets no iptables rules. */
export const NO_CHAIN = "the engine's chain DOCKER-USER cannot be read"

/** Chooses the iptables variant that holds the engine's rules: the kernel keeps two rule sets. */
export const CHOOSE_IPTABLES = `set -e
for iptables in iptables iptables-nft iptables-legacy none; do
  ! "$iptables" -w -n -L DOCKER-USER >/dev/null 2>&1 || break
done
if [ $iptables = none ]; then
  iptables -w -n -L DOCKER-USER >/dev/null || :
  echo "${NO_CHAIN}" >&2
  exit 1
fi
`

/**
 * For `sh`, as root: removes the chains and their calls from every rule set that has them, and prints each chain that
 * was there. Fails, with iptables's words, where one stays.
 */
export function removalScriptOf(instance: string): string {
  const calls = callsOf(instance)
  const steps = calls.map(({ table, from, to }) => {
    const on = `"$iptables" -w -t ${table}`
    return `  if ${on} -n -L ${to} >/dev/null 2>&1; then
    while ${on} -D ${from} -j ${to} 2>/dev/null; do :; done
    ${on} -F ${to}
    ${on} -X ${to}
    echo "${to} (${table})"
  fi
`
  })
  return `set -e
for iptables in iptables iptables-nft iptables-legacy; do
  command -v "$iptables" >/dev/null || continue
${steps.join('')}done
`
}

/** Prints what `removalScriptOf` would. */
export function findScriptOf(instance: string): string {
  const finds = callsOf(instance).map(
    ({ table, to }) => `  ! "$iptables" -w -t ${table} -n -L ${to} >/dev/null 2>&1 || echo "${to} (${table})"\n`,
  )
  return `for iptables in iptables iptables-nft iptables-legacy; do
  command -v "$iptables" >/dev/null || continue
${finds.join('')}done | sort -u
`
}
